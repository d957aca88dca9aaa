{{/* Names and labels are those of the sealed-secrets chart: a Deployment's
selector can never change, so an upgrade from that chart needs the same. */}}

{{- define "seal.name" -}}
{{- default "sealed-secrets" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "seal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "seal.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "seal.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "seal.namespace" -}}
{{- default .Release.Namespace .Values.namespace -}}
{{- end -}}

{{- define "seal.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "seal.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "seal.matchLabels" -}}
app.kubernetes.io/name: {{ include "seal.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* A value that may hold a template: (dict "value" V "context" $). */}}
{{- define "seal.render" -}}
{{- if typeIs "string" .value }}{{ tpl .value .context }}{{ else }}{{ tpl (.value | toYaml) .context }}{{ end }}
{{- end -}}

{{/* The metadata of one object:
(dict "context" $ "name" NAME "namespace" NS "labels" EXTRA "annotations" EXTRA). */}}
{{- define "seal.metadata" -}}
{{- $root := .context -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "seal.matchLabels" $root | nindent 2 }}
  helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
  app.kubernetes.io/managed-by: {{ $root.Release.Service }}
  app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: seal
  {{- with .labels }}
  {{- include "seal.render" (dict "value" . "context" $root) | nindent 2 }}
  {{- end }}
  {{- with $root.Values.commonLabels }}
  {{- include "seal.render" (dict "value" . "context" $root) | nindent 2 }}
  {{- end }}
{{- if or .annotations $root.Values.commonAnnotations }}
annotations:
  {{- with .annotations }}
  {{- include "seal.render" (dict "value" . "context" $root) | nindent 2 }}
  {{- end }}
  {{- with $root.Values.commonAnnotations }}
  {{- include "seal.render" (dict "value" . "context" $root) | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "seal.image" -}}
{{- $name := .Values.image.repository -}}
{{- with .Values.image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* A map as k=v,k=v in a fixed order: (dict "map" M "what" "label"). */}}
{{- define "seal.pairs" -}}
{{- $pairs := list -}}
{{- range $k := keys .map | sortAlpha -}}
{{- $v := get $.map $k -}}
{{- if not (and $v (kindIs "string" $v)) }}{{ fail (printf "%s %s: the value has to be a string that is not empty" $.what $k) }}{{ end -}}
{{- $pairs = append $pairs (printf "%s=%s" $k $v) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}

{{- define "seal.skipRecreate" -}}
{{- if .Values.skipRecreate }}true{{ end -}}
{{- end -}}

{{/* The arguments, one a line, each as --flag=value. */}}
{{- define "seal.args" -}}
- --profile={{ .Values.profile }}
- --drift={{ .Values.drift }}
- --update-status={{ .Values.updateStatus }}
{{- if include "seal.skipRecreate" . }}
- --skip-recreate=true
{{- end }}
{{- if not .Values.rbac.watchSecrets }}
- --watch-secrets=false
{{- end }}
- {{ printf "--key-prefix=%s" .Values.secretName | quote }}
{{- range $flag, $value := dict
  "key-renew-period" .Values.keyrenewperiod
  "key-ttl" .Values.keyttl
  "key-cutoff-time" .Values.keycutofftime
  "rate-limit" .Values.rateLimit
  "rate-limit-burst" .Values.rateLimitBurst
  "max-unseal-retries" .Values.maxRetries
  "kubeclient-qps" .Values.kubeClientQPS
  "kubeclient-burst" .Values.kubeClientBurst
  "log-level" .Values.logLevel
  "log-format" .Values.logFormat }}
{{- if ne ($value | toString) "" }}
- {{ printf "--%s=%s" $flag ($value | toString) | quote }}
{{- end }}
{{- end }}
{{- if .Values.additionalNamespaces }}
- {{ printf "--additional-namespaces=%s" (join "," .Values.additionalNamespaces) | quote }}
{{- end }}
{{- if and (not .Values.rbac.clusterRole) .Values.rbac.create }}
- --all-namespaces=false
{{- end }}
{{- with .Values.privateKeyAnnotations }}
- {{ printf "--privatekey-annotations=%s" (include "seal.pairs" (dict "map" . "what" "annotation")) | quote }}
{{- end }}
{{- with .Values.privateKeyLabels }}
- {{ printf "--privatekey-labels=%s" (include "seal.pairs" (dict "map" . "what" "label")) | quote }}
{{- end }}
- --log-info-stdout={{ .Values.logInfoStdout }}
{{- if .Values.watchForSecrets }}
- --watch-for-secrets=true
{{- end }}
- --listen-addr=:{{ .Values.containerPorts.http }}
- --listen-metrics-addr=:{{ .Values.containerPorts.metrics }}
{{- with .Values.extraArgs }}
{{ include "seal.render" (dict "value" . "context" $) }}
{{- end }}
{{- end -}}
