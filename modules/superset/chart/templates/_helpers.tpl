{{- define "superset.env" -}}
{{- toYaml .Values.database.env }}
- {name: SUPERSET_SECRET_KEY, valueFrom: {secretKeyRef: {name: {{ .Values.keys }}, key: secret-key}}}
- {name: PYTHONPATH, value: /etc/superset}
- {name: SUPERSET_CONFIG_PATH, value: /etc/superset/superset_config.py}
- {name: FLASK_APP, value: "superset.app:create_app()"}
- {name: HOME, value: /tmp}
- {name: SUPERSET_HOME, value: /tmp/superset}
{{- end }}
{{- define "superset.mounts" -}}
- {name: config, mountPath: /etc/superset, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{ toYaml .Values.database.mounts }}
{{- end }}
