/** The arguments of the load generator, parsed and checked. */
import { readFileSync } from 'node:fs'
import { MAX_STEPS } from '../../src/diffusion/schedule.js'
import { UsageError } from '../../src/cli/usage-error.js'
import { integer, list, number, oneOf, parseOptions, stepRange, type StepRange } from '../lib/options.js'

export const LOAD_ARRIVALS = ['poisson', 'uniform'] as const

export interface OpenLoop {
  readonly kind: 'open'
  readonly arrivals: (typeof LOAD_ARRIVALS)[number]
  /** Requests per second. */
  readonly rate: number
}

/** So many clients, each of which asks again when it is answered. */
export interface ClosedLoop {
  readonly kind: 'closed'
  readonly concurrency: number
}

export interface LoadOptions {
  /** Of the generation route. */
  readonly url: URL
  readonly loop: OpenLoop | ClosedLoop
  /** What is measured, after the warm-up. */
  readonly durationS: number
  /** Requests that arrive before this time are sent and not counted. */
  readonly warmupS: number
  /** A request takes one of each list at random. */
  readonly maxTokens: readonly number[]
  readonly steps: readonly StepRange[]
  /** Empty: free generation. */
  readonly prompts: readonly string[]
  readonly stream: boolean
  /** Sent with the request, and what goodput is judged by. */
  readonly deadlineMs: number | undefined
  /** What goodput is judged by instead, and what the server is not told. */
  readonly goodWithinMs?: number
  /** A request unanswered for so long is given up. */
  readonly timeoutS: number
  /** Requests under way at once; one that would be more is not sent, and counted as that. */
  readonly maxInFlight: number
  readonly seed: number
}

const MAX_REQUESTS = 1_000_000
const DAY_S = 86_400

const OPTIONS = {
  url: { type: 'string' },
  rate: { type: 'string' },
  arrivals: { type: 'string', default: 'poisson' },
  concurrency: { type: 'string' },
  duration: { type: 'string', default: '30' },
  warmup: { type: 'string', default: '0' },
  'max-tokens': { type: 'string', default: '128' },
  steps: { type: 'string', default: '8' },
  prompts: { type: 'string' },
  stream: { type: 'boolean', default: false },
  'deadline-ms': { type: 'string' },
  timeout: { type: 'string', default: '60' },
  'max-in-flight': { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const

export const LOAD_USAGE = `npm run bench:load -- --url URL (--rate N | --concurrency N) [OPTIONS]

Sends generations to a server and says how it bore them. With --rate arrivals do not wait for answers (open loop), and
a request's latency is counted from when it was due, so a server that stalls cannot hide what waited meanwhile. With
--concurrency each of N clients asks again when it is answered (closed loop): the server's limit, not a user's latency.

  --url URL           the server, http://127.0.0.1:8080; a path other than / replaces /v1/generate
  --rate N            requests per second
  --arrivals A        poisson (default) or uniform
  --concurrency N     clients, instead of --rate
  --duration S        seconds measured (default 30)
  --warmup S          seconds before, sent and not counted (default 0)
  --max-tokens N,...  tokens to make (default 128); of several values each request takes one at random
  --steps N,...       refinements (default 8); 4-32 is an elastic budget
  --prompts FILE      one prompt a line, taken at random (default: free generation)
  --stream            server-sent events; the time to the first refinement is reported too
  --deadline-ms N     sent with each request; goodput counts what was answered in time
  --timeout S         give a request up after so long (default 60)
  --max-in-flight N   requests under way at once (default 1000); more are not sent, and counted as unsent
  --seed N            the same seed sends the same requests at the same times (default 1)
  --json              the summary as JSON
  -h, --help

Ctrl-C ends the run and prints what was measured until then. Exit code 1: no request was answered.
`

/** @throws UsageError naming the option that is wrong */
export function parseLoadOptions (args: readonly string[]): { options: LoadOptions, json: boolean } | 'help' {
  const { values } = parseOptions(args, OPTIONS)
  if (values.help) return 'help'
  const options = {
    url: targetOf(values.url),
    loop: loopOf(values),
    durationS: number('--duration', values.duration, { min: 0.001, max: DAY_S }),
    warmupS: number('--warmup', values.warmup, { min: 0, max: DAY_S }),
    maxTokens: list(values['max-tokens'], (item) => integer('--max-tokens', item, { min: 1, max: 1_000_000 })),
    steps: list(values.steps, (item) => stepRange('--steps', item, MAX_STEPS)),
    prompts: values.prompts === undefined ? [] : readPrompts(values.prompts),
    stream: values.stream,
    deadlineMs: values['deadline-ms'] === undefined ? undefined : integer('--deadline-ms', values['deadline-ms'], { min: 1, max: DAY_S * 1000 }),
    timeoutS: number('--timeout', values.timeout, { min: 0.001, max: DAY_S }),
    maxInFlight: integer('--max-in-flight', values['max-in-flight'], { min: 1, max: 60_000 }),
    seed: integer('--seed', values.seed, { min: 0, max: 2 ** 32 - 1 })
  }
  const { loop, durationS, warmupS } = options
  if (loop.kind === 'open' && loop.rate * (durationS + warmupS) > MAX_REQUESTS) {
    throw new UsageError(`that would be more than ${MAX_REQUESTS} requests: lower --rate, --duration or --warmup`)
  }
  return { options, json: values.json }
}

function targetOf (text: string | undefined): URL {
  if (text === undefined) throw new UsageError('--url is missing: which server? --help lists the options')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url must be an http or https URL, not ${text}`)
  if (url.pathname === '/') url.pathname = '/v1/generate'
  return url
}

function loopOf ({ rate, concurrency, arrivals }: { rate?: string, concurrency?: string, arrivals: string }): OpenLoop | ClosedLoop {
  if ((rate === undefined) === (concurrency === undefined)) {
    throw new UsageError('give either --rate (open loop) or --concurrency (closed loop)')
  }
  if (concurrency !== undefined) return { kind: 'closed', concurrency: integer('--concurrency', concurrency, { min: 1, max: 10_000 }) }
  return {
    kind: 'open',
    arrivals: oneOf('--arrivals', arrivals, LOAD_ARRIVALS),
    rate: number('--rate', rate ?? '', { min: 0.001, max: 100_000 })
  }
}

function readPrompts (file: string): string[] {
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
