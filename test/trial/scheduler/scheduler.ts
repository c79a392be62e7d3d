/**
 * npx tsx test/trial/scheduler/scheduler.ts --events 1000000 --seed 1
 *
 * The scheduler under a virtual clock: random arrivals, lengths, budgets, deadlines, cancellations, steps that fail, workers that die.
 * Prints what came of the requests, or the smallest scenario found that breaks a promise.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Violation } from './ledger.js'
import { play, type Played } from './play.js'
import { anyScenario, type Scenario } from './scenario.js'
import { shrink } from './shrink.js'

export interface Trial {
  readonly events: number
  readonly scenarios: number
  readonly outcomes: Record<keyof Played['outcomes'], number>
  /** The promise that was broken, and the smallest scenario that breaks it. */
  readonly broken?: { readonly promise: string, readonly scenario: Scenario }
}

export interface TrialOptions {
  readonly events: number
  readonly seed: number
  /** Arrivals in each scenario. */
  readonly arrivals?: number
  /** What the dispatcher is told, for tests of the trial itself. */
  readonly limits?: { readonly maxBatch?: number }
}

export async function schedulerTrial ({ events: wanted, seed, arrivals = 400, limits = {} }: TrialOptions): Promise<Trial> {
  const outcomes = { done: 0, cancelled: 0, expired: 0, failed: 0, refused: 0 }
  let [events, scenarios] = [0, 0]
  while (events < wanted) {
    const scenario = anyScenario(seed + scenarios++, arrivals)
    try {
      const played = await play(scenario, limits)
      events += played.events
      for (const name of Object.keys(outcomes) as Array<keyof typeof outcomes>) outcomes[name] += played.outcomes[name]
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      const smallest = await shrink(scenario, async (candidate) => await promiseBroken(candidate, limits))
      return { events, scenarios, outcomes, broken: { promise: error.message, scenario: smallest } }
    }
  }
  return { events, scenarios, outcomes }
}

async function promiseBroken (scenario: Scenario, limits: TrialOptions['limits']): Promise<string | undefined> {
  try {
    await play(scenario, limits)
    return undefined
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return error.message.split(':')[0]
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } } })
  const begin = performance.now()
  const { broken, events, scenarios, outcomes } = await schedulerTrial({ events: Number(values.events), seed: Number(values.seed) })
  console.log(`${events} events in ${scenarios} scenarios, ${Math.round((performance.now() - begin) / 1000)} s: ${JSON.stringify(outcomes)}`)
  if (broken !== undefined) {
    console.log(`${broken.promise}\n${JSON.stringify(broken.scenario)}`)
    process.exitCode = 1
  }
}
