/** Write openapi/openapi.json from the routes. A test fails while the committed file differs. */
import { writeFile } from 'node:fs/promises'
import { openApiDocument } from '../src/http/app/openapi-document.js'

const file = new URL('../openapi/openapi.json', import.meta.url)
await writeFile(file, `${JSON.stringify(await openApiDocument(), null, 2)}\n`)
