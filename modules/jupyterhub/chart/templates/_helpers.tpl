{{- define "jupyterhub.labels" -}}
app.kubernetes.io/component: {{ .component }}
{{ toYaml .root.Values.labels }}
{{- end }}
{{- define "jupyterhub.pod" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: {type: RuntimeDefault}
{{- end }}
