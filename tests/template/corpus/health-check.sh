#!/bin/sh
# {{svc.service}} {{!-- one
comment of
three lines --}} on {{sys.hostname}}
status=$(curl -s "http://{{#if cfg.tls.enabled}}s{{/if}}{{sys.ip}}:{{cfg.ports.http}}/health")
case $status in
{{#each cfg.health as |code word|}}
    {{word}}) exit {{code}} ;;
{{^}}
    up) exit 0 ;;
{{/each}}
    *) exit 3 ;;
esac
