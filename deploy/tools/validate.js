/**
 * Reads a JSON list of resources from standard input and checks those of operators that publish their schemas. Prints a sentence for
 * each that is wrong, and exits with 1.
 */
import { json } from 'node:stream/consumers'
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'

const MODELS = { ScaledObject, PrometheusRule, ServiceMonitor }

for (const resource of await json(process.stdin)) {
  const Model = MODELS[resource.kind]
  try {
    if (Model === undefined) throw new Error('no schema is known')
    new Model(resource).validate()
  } catch (error) {
    console.log(`${resource.kind} ${resource.metadata?.name}: ${error.message}`)
    process.exitCode = 1
  }
}
