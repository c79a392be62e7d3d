/** npx tsx scripts/write-chart-schema.ts: brings the Helm chart's values.schema.json up to the settings of the service. */
import { writeFileSync } from 'node:fs'
import { CHART_SCHEMA, chartSchema } from './chart-schema.js'

writeFileSync(CHART_SCHEMA, chartSchema())
