{{- define "fewstep.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "fewstep.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "fewstep.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "fewstep.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "fewstep.selector" -}}
app.kubernetes.io/name: {{ include "fewstep.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "fewstep.labels" -}}
{{ include "fewstep.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "fewstep.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default (printf "%s%s" .Chart.AppVersion (ternary "-cuda" "" .Values.gpu.enabled)) }}
{{- end -}}
{{- end -}}

{{- define "fewstep.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "fewstep.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "fewstep.hasKeys" -}}
{{- if or .Values.keys.existingSecret .Values.keys.lines -}}true{{- end -}}
{{- end -}}

{{- define "fewstep.keysSecret" -}}
{{- default (printf "%s-keys" (include "fewstep.fullname" .)) .Values.keys.existingSecret -}}
{{- end -}}

{{/* Seconds from the order to stop to SIGKILL. */}}
{{- define "fewstep.terminationSeconds" -}}
{{- $grace := hasKey .Values.settings "FEWSTEP_DRAIN_GRACE_MS" | ternary .Values.settings.FEWSTEP_DRAIN_GRACE_MS 5000 -}}
{{- $drain := hasKey .Values.settings "FEWSTEP_DRAIN_TIMEOUT_MS" | ternary .Values.settings.FEWSTEP_DRAIN_TIMEOUT_MS 30000 -}}
{{- $ms := add (int64 $grace) (int64 $drain) -}}
{{- add (int64 .Values.preStopSeconds) (div (add $ms 999) 1000) (int64 .Values.terminationReserveSeconds) -}}
{{- end -}}

{{/* Values that contradict each other, in a sentence each. */}}
{{- define "fewstep.check" -}}
{{- if and .Values.keys.existingSecret .Values.keys.lines -}}
{{- fail "keys: set existingSecret or lines, not both" -}}
{{- end -}}
{{- if and .Values.models.volume .Values.models.fetch -}}
{{- fail "models: set volume or fetch, not both" -}}
{{- end -}}
{{- if and .Values.models.folders (not .Values.models.volume) (not .Values.models.fetch) -}}
{{- fail "models.folders names folders, but neither models.volume nor models.fetch brings them" -}}
{{- end -}}
{{- if and (not .Values.models.folders) (or .Values.models.volume .Values.models.fetch) -}}
{{- fail "models.folders is empty: name the folders to serve, the first for requests that name no model" -}}
{{- end -}}
{{- if lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas) -}}
{{- fail "autoscaling.maxReplicas is less than minReplicas" -}}
{{- end -}}
{{- if and (eq .Values.autoscaling.kind "hpa") (not .Values.autoscaling.hpa.queuedRows) (eq (int .Values.autoscaling.hpa.cpuUtilization) 0) -}}
{{- fail "autoscaling.hpa looks at nothing: set queuedRows or cpuUtilization" -}}
{{- end -}}
{{- end -}}
