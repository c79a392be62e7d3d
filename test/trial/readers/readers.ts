/**
 * npx tsx test/trial/readers/readers.ts --vanishing 10000 --stalling 1000 --write
 *
 * Readers of streams who leave in the middle, and such as take nothing. Prints what of them is left in the service, also as a line of the
 * table in docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { listening } from '../../support/service-process.js'
import { until } from '../../support/until.js'
import { compared, keptVitals, startCollecting } from '../kept-memory.js'
import { report } from '../report.js'
import { megabytes, vitalsOf, type Vitals } from '../vitals.js'
import { stallingReaders, vanishingReaders } from './vanishing.js'

/** Connections of the trial itself, and files that the service opens now and then. */
const FEW_FILES = 5

const { values } = parseArgs({
  options: { vanishing: { type: 'string', default: '10000' }, stalling: { type: 'string', default: '1000' }, write: { type: 'boolean' } }
})
const [vanishing, stalling] = [Number(values.vanishing), Number(values.stalling)]
const service = startCollecting({ FEWSTEP_SEND_TIMEOUT_MS: '500', FEWSTEP_MAX_QUEUE: '4096', FEWSTEP_MAX_WAIT_MS: '3600000' })
const url = await listening(service)
const idle = await vitalsOf(url)
const settled = async (): Promise<boolean> => {
  const { rows, openFiles } = await vitalsOf(url)
  return rows === 0 && openFiles <= idle.openFiles + FEW_FILES
}
const show = (what: string, { residentBytes, openFiles, rows }: Vitals): void => {
  console.log(`${what}: memory ${megabytes(residentBytes)}, open files ${openFiles}, rows ${rows}`)
}
show('idle', idle)
/** What the service keeps of so many readers more of both kinds. */
async function read (vanish: number, stall: number, seed: number): Promise<Vitals> {
  const answered = await vanishingReaders({ url, count: vanish, seed })
  await until(settled)
  await stallingReaders({ url, count: stall, settled })
  const kept = await keptVitals(service, url)
  show(`after ${vanish} readers who vanished, ${answered} of whom had been answered, and ${stall} who took nothing`, kept)
  return kept
}
const [vanishEarly, stallEarly] = [Math.ceil(vanishing / 10), Math.ceil(stalling / 10)]
const first = await read(vanishEarly, stallEarly, 1)
const last = await read(vanishing - vanishEarly, stalling - stallEarly, 2)
service.kill('SIGTERM')
const [code] = await once(service, 'close') as [number | null]
console.log(`exit code ${code}${service.output.stderr}`)
const { seen, asBefore } = compared({ ...first, openFiles: idle.openFiles }, last)
await report({
  trial: `${vanishing.toLocaleString('en')} vanishing and ${stalling.toLocaleString('en')} stalling readers`,
  seen: `after a tenth of them (files: before any) and after all: ${seen}; exit code ${code}`,
  kept: asBefore && code === 0
}, { write: values.write })
