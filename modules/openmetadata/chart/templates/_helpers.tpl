{{/* The part of a CronJob that all jobs have; `name` is the job's, `root` the chart's. */}}
{{- define "ingestion.job" -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ .name }}
  labels: {app.kubernetes.io/name: openmetadata-ingestion, app.kubernetes.io/component: {{ .name }}}
spec:
  schedule: {{ .schedule | quote }}
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 1
      activeDeadlineSeconds: 14400
      template:
        metadata:
          labels:
            app.kubernetes.io/name: openmetadata-ingestion
            app.kubernetes.io/component: {{ .name }}
            {{- with .root.Values.podLabels }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
        spec:
          restartPolicy: Never
          serviceAccountName: {{ .root.Values.serviceAccount }}
          automountServiceAccountToken: false
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            runAsGroup: 1000
            fsGroup: 1000
            seccompProfile: {type: RuntimeDefault}
          {{- if .root.Values.spot }}
          tolerations:
            - {key: terrace.dev/pool, operator: Equal, value: spot, effect: NoSchedule}
            - {key: kubernetes.azure.com/scalesetpriority, operator: Equal, value: spot, effect: NoSchedule}
          {{- end }}
{{- end }}
{{- define "ingestion.restricted" -}}
{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
{{- end }}
