/** The text of src/client/schema.ts: the types of what the client sends and gets, from openapi/openapi.json. */
import { readFile } from 'node:fs/promises'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'

const DOCUMENT = new URL('../openapi/openapi.json', import.meta.url)
/** The schemas that the client uses; what they refer to comes with them. */
const USED = ['GenerateRequest', 'Generation', 'StepEvent', 'ModelCard', 'ModelList', 'Error']

const HEAD = '/** Types of the HTTP API, generated from openapi/openapi.json: npm run openapi */\n\n'

interface Document {
  readonly components: { readonly schemas: Record<string, object> }
}

export async function clientTypes (): Promise<string> {
  const { components: { schemas }, ...document } = JSON.parse(await readFile(DOCUMENT, 'utf8')) as Document
  const names = closure(schemas, USED)
  const used = Object.fromEntries(Object.entries(schemas).filter(([name]) => names.has(name)))
  return HEAD + astToString(await openapiTS({ ...document, paths: {}, components: { schemas: used } } as unknown as OpenAPI3))
}

/** The names, and those that their schemas refer to. */
function closure (schemas: Record<string, object>, names: readonly string[]): Set<string> {
  const found = new Set(names)
  // A set that grows is iterated to its end.
  for (const name of found) {
    for (const [, other = ''] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g)) found.add(other)
  }
  return found
}
