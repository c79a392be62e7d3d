/** Write src/client/schema.ts from openapi/openapi.json. A test fails while the committed file differs. */
import { writeFile } from 'node:fs/promises'
import { clientTypes } from './client-types.js'

await writeFile(new URL('../src/client/schema.ts', import.meta.url), await clientTypes())
