/**
 * npx tsx test/trial/fuzz/socket-fuzz.ts --cases 50000 --seed 1 --write
 *
 * Raw bytes on the service's socket: half requests, pipelining, chunks and lengths that lie, huge heads, other protocols, resets. Prints
 * what it answered, how many connections did not end, and what became of its memory, also as a line of the table in
 * docs/reliability.md, and with --write puts it there.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Draw } from '../../support/draw.js'
import { listening } from '../../support/service-process.js'
import { compared, keptVitals, startCollecting } from '../kept-memory.js'
import { report } from '../report.js'
import { anyRawCase, type RawCase } from './raw-case.js'

const AT_ONCE = 32
/** Far beyond every time limit of the service under trial. */
const PATIENCE_MS = 20_000
/** Whatever came, no answer says that the service failed; 100 is "go on". */
const GOOD_STATUS = /^[124]/

/** Short time limits, so that what never comes whole ends soon. */
export const LIMITS = { FEWSTEP_REQUEST_TIMEOUT_MS: '300', FEWSTEP_KEEP_ALIVE_TIMEOUT_MS: '1000' }

export interface Fuzzed {
  readonly cases: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Connections that were still open when patience ended, or whose first bytes were no HTTP: the numbers of their cases. */
  readonly hung: readonly number[]
  readonly noHttp: readonly number[]
}

/** @param first number of the first case: a case is the same in any run of the seed */
export async function socketFuzz ({ url, cases, seed, first = 0 }: {
  readonly url: string, readonly cases: number, readonly seed: number, readonly first?: number
}): Promise<Fuzzed> {
  const statuses: Record<string, number> = {}
  const [hung, noHttp]: number[][] = [[], []]
  let next = first
  const visitor = async (): Promise<void> => {
    while (next < first + cases) {
      const number = next++
      const { received, ended } = await visit(url, anyRawCase(new Draw(seed * 1_000_000 + number)))
      if (!ended) hung?.push(number)
      if (received !== '' && !/^HTTP\/1\.1 \d{3} /.test(received)) noHttp?.push(number)
      for (const [, status = ''] of received.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g)) statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor))
  return { cases, statuses, hung: hung ?? [], noHttp: noHttp ?? [] }
}

async function visit (url: string, { pieces, then }: RawCase): Promise<{ received: string, ended: boolean }> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  let received = ''
  let ended = false
  socket.setEncoding('latin1').on('data', (text: string) => { received += text }).on('error', () => {})
  // After an error, too: `once` would end with that, before the connection is closed.
  const closed = new Promise<void>((resolve) => { socket.once('close', () => { resolve() }) })
  // The server's end is the end, whatever was to be sent yet.
  socket.on('end', () => { socket.destroy() })
  const patience = setTimeout(() => { socket.destroy(new Error('it did not end')) }, PATIENCE_MS)
  socket.on('close', () => { ended = performance.now() - begin < PATIENCE_MS })
  const begin = performance.now()
  await Promise.race([once(socket, 'connect').catch(() => {}), closed])
  for (const piece of pieces) {
    if (socket.destroyed) break
    socket.write(piece)
    await turn()
  }
  if (then === 'half-closes') socket.end()
  else if (then === 'resets') socket.resetAndDestroy()
  else if (then === 'leaves') socket.destroy()
  await closed
  clearTimeout(patience)
  return { received, ended }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '50000' }, seed: { type: 'string', default: '1' }, write: { type: 'boolean' } }
  })
  const [cases, seed] = [Number(values.cases), Number(values.seed)]
  const service = startCollecting(LIMITS)
  const url = await listening(service)
  const settle = Math.ceil(cases / 10)
  const before = await socketFuzz({ url, cases: settle, seed })
  const early = await keptVitals(service, url)
  const rest = await socketFuzz({ url, cases: cases - settle, seed, first: settle })
  const late = await keptVitals(service, url)
  service.kill('SIGTERM')
  const [code] = await once(service, 'close') as [number | null]
  console.log(`answers to the last ${cases - settle} of ${cases}: ${JSON.stringify(rest.statuses)}`)
  const [hung, noHttp] = [[...before.hung, ...rest.hung], [...before.noHttp, ...rest.noHttp]]
  const bad = Object.keys({ ...before.statuses, ...rest.statuses }).filter((status) => !GOOD_STATUS.test(status))
  console.log(`did not end: ${hung.join(', ') || 'none'}; no HTTP: ${noHttp.join(', ') || 'none'}`)
  console.log(service.output.stderr)
  const { seen, asBefore } = compared(early, late)
  await report({
    trial: `${cases.toLocaleString('en')} connections of raw bytes`,
    seen: `${hung.length} did not end, ${noHttp.length} were answered by no HTTP, answers other than 1xx, 2xx and 4xx: ${bad.join(', ') || 'none'}; after ` +
      `${settle.toLocaleString('en')} and after all: ${seen}; exit code ${code}`,
    kept: hung.length === 0 && noHttp.length === 0 && bad.length === 0 && asBefore && code === 0
  }, { write: values.write })
}
