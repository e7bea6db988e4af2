{{- define "mlflow.env" -}}
{{- toYaml (concat .Values.database.env .Values.env) }}
- {name: HOME, value: /tmp}
- {name: DO_NOT_TRACK, value: "true"}
- {name: MLFLOW_DISABLE_TELEMETRY, value: "true"}
- {name: MLFLOW_SERVER_ENABLE_JOB_EXECUTION, value: "false"}
# A connection lives shorter than the token with which it was made.
- {name: MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE, value: "600"}
- {name: MLFLOW_SQLALCHEMYSTORE_POOL_PRE_PING, value: "true"}
{{- end }}
{{- define "mlflow.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{ toYaml .Values.database.mounts }}
{{- end }}
