/** npx tsx scripts/write-env-example.ts: writes .env.example from the schema of the settings. */
import { writeFileSync } from 'node:fs'
import { envExample } from './env-example.js'

writeFileSync(new URL('../.env.example', import.meta.url), envExample())
