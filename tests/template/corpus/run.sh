#!{{pkgPathFor "core/bash"}}/bin/bash
exec 2>&1
export PATH="{{pkgPathFor "core/coreutils"}}/bin:$PATH"
export JAVA_HOME={{pkgPathFor "core/jre8"}}
{{#each cfg.env as |value name|}}
export {{toUppercase name}}="{{value}}"
{{/each}}
{{~#if cfg.debug}}

set -x
{{~/if}}

opts="--port {{cfg.port}}{{~#if cfg.verbose}} --verbose{{~/if}}{{#each cfg.flags}} --{{this}}{{/each}}"
{{#with svc.me.sys}}
opts="$opts --advertise {{ip}}"
{{/with}}
if [ "${1:-}" = "\{{literal}}" ]; then
    exec {{pkg.path}}/bin/app $opts -c {{pkg.svc_config_path}}/app.toml
fi
{{#if bind.backend}}
exec app --backend {{bind.backend.first.sys.ip}}:{{bind.backend.first.cfg.port}} ${opts}
{{else}}
exec app ${opts}
{{/if}}
