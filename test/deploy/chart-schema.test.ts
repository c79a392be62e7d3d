import { readFileSync } from 'node:fs'
import t from 'tap'
import { CHART_SCHEMA, chartSchema } from '../../scripts/chart-schema.js'

t.test("the Helm chart's schema knows the service's settings as they are", (t) => {
  t.equal(readFileSync(CHART_SCHEMA, 'utf8'), chartSchema(), 'stale: run npx tsx scripts/write-chart-schema.ts')
  t.end()
})
