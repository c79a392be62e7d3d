/**
 * npx tsx test/trial/generations/generations.ts --count 100000 --seed 1 --write
 *
 * Generations of every kind, streams, scorings, refusals and clients who leave, mixed. Prints what of them is left in the service, as a
 * line of the table in docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { listening } from '../../support/service-process.js'
import { compared, keptVitals, startCollecting } from '../kept-memory.js'
import { report } from '../report.js'
import { mixedGenerations } from './mixed.js'

const EARLY = 1000

const { values: { count: asked, seed, write } } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, write: { type: 'boolean' } }
})
const count = Number(asked)
const early = Math.min(EARLY, Math.ceil(count / 2))
// However slow the machine is, none is refused because it would wait.
const service = startCollecting({ FEWSTEP_MAX_WAIT_MS: '3600000' })
const url = await listening(service)

const before = await mixedGenerations({ url, count: early, seed: Number(seed) })
const first = await keptVitals(service, url)
const rest = await mixedGenerations({ url, count: count - early, seed: Number(seed), first: early })
const last = await keptVitals(service, url)
const unexpected = [...before.unexpected, ...rest.unexpected]
service.kill('SIGTERM')
const [code] = await once(service, 'close') as [number | null]

console.log(`how the last ${count - early} ended: ${JSON.stringify(rest.ends)}`)
for (const each of unexpected.slice(0, 20)) console.log(each)
console.log(service.output.stderr)
const { seen, asBefore } = compared(first, last)
await report({
  trial: `${count.toLocaleString('en')} mixed generations`,
  seen: `after ${early} and after all: ${seen}; ${unexpected.length} ended otherwise than they should; exit code ${code}`,
  kept: asBefore && unexpected.length === 0 && code === 0
}, { write })
