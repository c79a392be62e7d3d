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

t.test('infer may answer with binary tensors', async (t) => {
  const answer = { headers: { 'inference-header-content-length': {} }, content: { 'application/json': {}, 'application/octet-stream': {} } }
  t.match(await openApiDocument(), { paths: { '/v2/models/{name}/infer': { post: { responses: { 200: answer } } } } })
})

t.test('every answer has a request id, and every operation says what is refused whatever is asked of it', async (t) => {
  const { paths } = await openApiDocument() as { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> }
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const status of ['408', '414', '415', '417', '431']) {
        t.match(responses[status] ?? responses['4XX'], { content: { 'application/json': {} } }, `${method} ${path}: ${status}`)
      }
      for (const [status, answer] of Object.entries(responses)) {
        t.match(answer, { headers: { 'x-request-id': { required: true } } }, `${method} ${path}: ${status}`)
      }
    }
  }
})
