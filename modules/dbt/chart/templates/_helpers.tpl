{{- define "dbt.env" -}}
{{- range .Values.database.env }}
{{- if ne .name "PGDATABASE" }}
- {{ toJson . }}
{{- end }}
{{- end }}
- {name: PGDATABASE, value: {{ .Values.profile.dbname }}}
- {name: HOME, value: /tmp}
- {name: DBT_SEND_ANONYMOUS_USAGE_STATS, value: "false"}
{{- end }}
{{- define "dbt.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: config, mountPath: /config, readOnly: true}
{{ toYaml .Values.database.mounts }}
{{- end }}
