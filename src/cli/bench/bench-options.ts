/** The arguments of `fewstep bench`, parsed and checked. */
import { readFileSync } from 'node:fs'
import { readClientSettings } from '../../config.js'
import { MAX_STEPS } from '../../diffusion/schedule.js'
import type { LoadOptions } from '../../load/options.js'
import type { Arguments } from '../arguments.js'
import { ARRIVALS } from '../commands.js'
import { UsageError } from '../usage-error.js'
import { integer, list, number, serverUrl, steps } from '../values.js'

const DEFAULT_URL = 'http://127.0.0.1:8080'
const MAX_REQUESTS = 1_000_000
const MAX_RATES = 32
const DAY_S = 86_400

export interface BenchCommand {
  /** One after the other: of an open loop as many as there are rates. */
  readonly runs: readonly LoadOptions[]
  /** Rates were listed: they are compared, not told one by one. */
  readonly swept: boolean
  readonly plot: string | undefined
  readonly json: boolean
}

/** @throws UsageError naming the option that is wrong */
export function parseBenchOptions (given: Arguments): BenchCommand {
  const [surplus] = given.operands
  if (surplus !== undefined) throw new UsageError(`bench takes options only, not ${surplus}; the server is named by --url`)
  const options = {
    url: targetOf(given.text('url') ?? DEFAULT_URL),
    apiKey: given.text('api-key') ?? readClientSettings().apiKey,
    durationS: given.number('duration', 0.001, DAY_S) ?? 30,
    warmupS: given.number('warmup', 0, DAY_S) ?? 0,
    maxTokens: list(given.text('max-tokens') ?? '128', (item) => integer('--max-tokens', item, 1, 1_000_000)),
    steps: list(given.text('steps') ?? '8', (item) => steps('--steps', item, MAX_STEPS)),
    prompts: promptsOf(given.text('prompts')),
    stream: given.flag('stream'),
    deadlineMs: given.integer('deadline-ms', 1, DAY_S * 1000),
    goodWithinMs: given.number('good-within', 1, DAY_S * 1000),
    timeoutS: given.number('timeout', 0.001, DAY_S) ?? 60,
    maxInFlight: given.integer('max-in-flight', 1, 60_000) ?? 1000,
    seed: given.integer('seed', 0, 2 ** 32 - 1) ?? 1
  }
  const loops = loopsOf(given)
  const tooMany = loops.some((loop) => loop.kind === 'open' && loop.rate * (options.durationS + options.warmupS) > MAX_REQUESTS)
  if (tooMany) throw new UsageError(`that would be more than ${MAX_REQUESTS} requests: lower the rate, --duration or --warmup`)
  const plot = given.text('plot')
  if (plot !== undefined && loops[0]?.kind !== 'open') throw new UsageError('--plot draws latency against rate: list some with --rates')
  return { runs: loops.map((loop) => ({ ...options, loop })), swept: given.text('rates') !== undefined, plot, json: given.flag('json') }
}

function targetOf (text: string): URL {
  const url = serverUrl('--url', text)
  if (/^\/(v1\/?)?$/.test(url.pathname)) url.pathname = '/v1/generate'
  return url
}

function loopsOf (given: Arguments): Array<LoadOptions['loop']> {
  const [rate, rates, concurrency] = ['rate', 'rates', 'concurrency'].map((name) => given.text(name))
  if ([rate, rates, concurrency].filter((text) => text !== undefined).length > 1) {
    throw new UsageError('give one of --rate and --rates (open loop) and --concurrency (closed loop)')
  }
  if (concurrency !== undefined) return [{ kind: 'closed', concurrency: integer('--concurrency', concurrency, 1, 10_000) }]
  const arrivals = given.oneOf('arrivals', ARRIVALS) ?? 'poisson'
  const values = rates === undefined
    ? [number('--rate', rate ?? '1', 0.001, 100_000)]
    : list(rates, (item) => number('--rates', item, 0.001, 100_000))
  if (values.length > MAX_RATES) throw new UsageError(`--rates lists ${values.length} rates, and at most ${MAX_RATES} are tried`)
  return values.map((each) => ({ kind: 'open', arrivals, rate: each }))
}

function promptsOf (file: string | undefined): string[] {
  if (file === undefined) return []
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--prompts: ${(error as Error).message}`)
  }
  const prompts = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  if (prompts.length === 0) throw new UsageError(`--prompts: ${file} holds no prompt`)
  return prompts
}
