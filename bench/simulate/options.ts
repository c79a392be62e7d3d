/** The arguments of the simulator, parsed and checked. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../../src/cli/usage-error.js'
import type { CostCurve } from '../../src/engine/cost-curve.js'
import { MAX_STEPS } from '../../src/diffusion/schedule.js'
import { ARRIVAL_PROCESSES } from '../../src/load/arrivals.js'
import { integer, list, number, oneOf, parseOptions, stepRange } from '../lib/options.js'
import { COST_EXAMPLES, exampleCosts, readCosts } from './costs.js'
import { POLICIES, type PolicyEntry } from './policies.js'
import { generateArrivals, parseRecording, type Arrival } from './workload.js'

export interface SimulateOptions {
  readonly arrivals: readonly Arrival[]
  readonly costs: CostCurve
  readonly workers: number
  readonly maxBatch: number
  readonly maxQueue: number
  readonly maxWaitMs: number
  readonly jitter: number
  readonly seed: number
  /** Arrivals over what the workers can serve with full budgets. */
  readonly loads: readonly number[]
  readonly policies: readonly PolicyEntry[]
  readonly out: string | undefined
}

const OPTIONS = {
  costs: { type: 'string', default: 'cpu' },
  workers: { type: 'string', default: '1' },
  'max-batch': { type: 'string', default: '16' },
  'max-queue': { type: 'string' },
  'max-wait-ms': { type: 'string', default: 'none' },
  load: { type: 'string', default: '0.5,0.75,1,1.25,1.5' },
  requests: { type: 'string', default: '10000' },
  arrivals: { type: 'string', default: 'poisson' },
  recording: { type: 'string' },
  lengths: { type: 'string', default: '128' },
  steps: { type: 'string', default: '4-16' },
  'deadline-ms': { type: 'string', default: '2000' },
  policies: { type: 'string', default: POLICIES.map(({ name }) => name).join(',') },
  jitter: { type: 'string', default: '0.05' },
  seed: { type: 'string', default: '1' },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** Rows admitted by default, in batches a worker. */
const QUEUED_BATCHES = 16

export const SIMULATE_USAGE = `npm run bench:simulate -- [OPTIONS]

Runs scheduling policies against simulated workers, no model needed, and says what each achieves at several loads. Load 1
is what the workers can serve with full budgets in batches of the best throughput. A request that is not done by its
deadline expires; one that finds the queue full is refused; goodput is what remains.

Policies:
${POLICIES.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}
All but edf-elastic take the most steps that a request allows.

  --policies P,...     which of them (default: all)
  --load X,...         loads (default 0.5,0.75,1,1.25,1.5)
  --costs C            what a step costs: an example, or a JSON file (bench/results.json after npm run bench -- step_costs)
${Object.entries(COST_EXAMPLES).map(([name, { about }]) => `                       ${name}: ${about}`).join('\n')}
  --workers N          (default 1)
  --max-batch N        rows in one step of one worker (default 16)
  --max-queue N        requests admitted at once (default: ${QUEUED_BATCHES} batches a worker)
  --max-wait-ms N      a request is refused that would not be done within so long, or by its deadline (default: none)
  --requests N         arrivals (default 10000)
  --arrivals A         ${ARRIVAL_PROCESSES.join(', ')} (default poisson)
  --lengths N,...      tokens on a canvas; of several values each request takes one at random (default 128)
  --steps N,...        an integer, or 4-16 for an elastic budget (default 4-16)
  --deadline-ms N,...  or none (default 2000)
  --recording FILE     arrivals instead of generated ones, JSON lines of
                       {"at_ms": 12.5, "length": 128, "steps": 8 or {"min": 4, "max": 32}, "blocks": 1, "deadline_ms": 2000}
  --jitter X           standard deviation of the logarithm of a step's time (default 0.05)
  --seed N             the same seed gives the same results (default 1)
  --out FILE           the results as JSON
  -h, --help
`

/** @throws UsageError naming the option that is wrong */
export function parseSimulateOptions (args: readonly string[]): SimulateOptions | 'help' {
  const { values } = parseOptions(args, OPTIONS)
  if (values.help) return 'help'
  const workers = integer('--workers', values.workers, { min: 1, max: 1024 })
  const maxBatch = integer('--max-batch', values['max-batch'], { min: 1, max: 1024 })
  const seed = integer('--seed', values.seed, { min: 0, max: 2 ** 32 - 1 })
  return {
    workers,
    maxBatch,
    maxQueue: values['max-queue'] === undefined
      ? QUEUED_BATCHES * maxBatch * workers
      : integer('--max-queue', values['max-queue'], { min: 1, max: 1e6 }),
    maxWaitMs: values['max-wait-ms'] === 'none'
      ? Infinity
      : integer('--max-wait-ms', values['max-wait-ms'], { min: 1, max: 86_400_000 }),
    costs: exampleCosts(values.costs) ?? attempt('--costs', () => readCosts(values.costs)),
    jitter: number('--jitter', values.jitter, { min: 0, max: 2 }),
    seed,
    loads: list(values.load, (item) => number('--load', item, { min: 0.01, max: 100 })),
    policies: list(values.policies, (item) => policyNamed(item)),
    arrivals: values.recording === undefined ? generated(values, seed) : recorded(values.recording),
    out: values.out
  }
}

type Values = Record<'arrivals' | 'requests' | 'lengths' | 'steps' | 'deadline-ms', string>

function generated (values: Values, seed: number): Arrival[] {
  return generateArrivals({
    process: oneOf('--arrivals', values.arrivals, ARRIVAL_PROCESSES),
    count: integer('--requests', values.requests, { min: 2, max: 1_000_000 }),
    seed,
    lengths: list(values.lengths, (item) => integer('--lengths', item, { min: 1, max: 65_536 })),
    steps: list(values.steps, (item) => stepRange('--steps', item, MAX_STEPS)),
    deadlinesMs: list(values['deadline-ms'], (item) =>
      item === 'none' ? Infinity : number('--deadline-ms', item, { min: 1, max: 86_400_000 }))
  })
}

function recorded (file: string): Arrival[] {
  const arrivals = attempt('--recording', () => parseRecording(readFileSync(file, 'utf8')))
  if (arrivals.length < 2 || arrivals[0]?.atMs === arrivals.at(-1)?.atMs) {
    throw new UsageError('--recording: it takes two arrivals at different times')
  }
  return arrivals
}

function policyNamed (name: string): PolicyEntry {
  const policy = POLICIES.find((each) => each.name === name)
  if (policy === undefined) throw new UsageError(`--policies: there is no ${name}, but ${POLICIES.map((each) => each.name).join(', ')}`)
  return policy
}

/** What is wrong with a file is the caller's to put right. */
function attempt<T> (option: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`)
  }
}
