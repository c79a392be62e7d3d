/** npx tsx scripts/write-dependencies.ts: writes docs/dependencies.md. */
import { writeFileSync } from 'node:fs'
import { dependenciesDocument } from './dependencies/document.js'

writeFileSync(new URL('../docs/dependencies.md', import.meta.url), dependenciesDocument())
