import { readFile } from 'node:fs/promises'
import t from 'tap'
import { openApiDocument } from '../../../src/http/app/openapi-document.js'

t.test('the committed OpenAPI document is that of the routes', async (t) => {
  const committed = JSON.parse(await readFile(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8')) as unknown
  t.strictSame(committed, JSON.parse(JSON.stringify(await openApiDocument())), 'run: npm run openapi')
})

t.test('it describes the events of a stream', async (t) => {
  t.match(await openApiDocument(), {
    components: {
      schemas: { StepEvent: { properties: { changes: {} } }, Generation: {}, Error: {}, GenerateRequest: { additionalProperties: false } }
    }
  })
})
