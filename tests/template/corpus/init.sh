#!/bin/sh -e
{{#if cfg.debug~}}
set -x
{{/if~}}
mkdir -p "{{pkg.svc_data_path}}/{{svc.service}}.{{svc.group}}"
{{~ #each cfg.users ~}}
{{#if (eq this.role "admin") }}

adduser --admin {{name}}
{{~ else if (eq role "guest") ~}}

  :
{{~ else }}

adduser {{name}} # {{role}}
{{~ /if ~}}
{{~ /each }}

{{#each svc.members}}{{#if leader}}
echo "leader is {{member_id}}"
{{/if}}{{/each}}
chown -R {{pkg.svc_user}}:{{pkg.svc_group}} {{pkg.svc_data_path}}
{{#with cfg.users.[1]}}
echo {{name}} {{../sys.hostname}} {{@root.cfg.users.1.role}}
{{/with}}
