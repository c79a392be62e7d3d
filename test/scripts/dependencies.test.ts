import { readFileSync } from 'node:fs'
import t from 'tap'
import { dependenciesDocument } from '../../scripts/dependencies/document.js'

t.test('every dependency has a licence that is accepted and a reason, and docs/dependencies.md says so', (t) => {
  t.equal(readFileSync(new URL('../../docs/dependencies.md', import.meta.url), 'utf8'), dependenciesDocument(), 'stale: run npx tsx scripts/write-dependencies.ts')
  t.end()
})
