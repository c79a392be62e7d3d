/** The part of the Helm chart's values.schema.json that follows from the settings of the service; the rest is written by hand. */
import { readFileSync } from 'node:fs'
import { Environment } from '../src/config.js'

export const CHART_SCHEMA = new URL('../deploy/helm/fewstep/values.schema.json', import.meta.url)

/** The chart sets these itself, or, as keys are secrets, lets nobody write them into a ConfigMap. */
const NOT_FOR_VALUES = new Set([
  'HOST', 'PORT', 'FEWSTEP_MODEL', 'FEWSTEP_CACHE_DIR', 'FEWSTEP_API_KEYS', 'FEWSTEP_API_KEYS_FILE', 'FEWSTEP_ADMIN_KEYS'
])

/** The file as it should be. */
export function chartSchema (): string {
  const schema = JSON.parse(readFileSync(CHART_SCHEMA, 'utf8')) as { properties: Record<string, unknown> }
  const settings = Object.entries(Environment.properties as unknown as Record<string, Record<string, unknown>>)
    .filter(([name]) => !NOT_FOR_VALUES.has(name))
    .map(([name, { default: _, form, ...setting }]) => [name, setting])
  schema.properties['settings'] = { type: 'object', additionalProperties: false, properties: Object.fromEntries(settings) }
  return `${JSON.stringify(schema, null, 2)}\n`
}
