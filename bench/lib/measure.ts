/** Two ways of doing one thing, measured beside each other. */
import { median, spread, type Spread } from '../../src/load/statistics.js'

export interface Ratio {
  /** Median over the rounds of first over second. */
  readonly value: number
  readonly spread: Spread
  /** Medians. */
  readonly firstMs: number
  readonly secondMs: number
}

export interface SideBySideOptions {
  /** Counted rounds. */
  readonly rounds: number
  /** Rounds before them, not counted: caches, allocations, compilers. */
  readonly warmUpRounds: number
  /** In ms, monotonic. */
  readonly now?: () => number
}

/**
 * Time of `first` over time of `second`, each run once a round. Who begins changes from round to round, so that neither
 * always finds the machine as the other left it, and a ratio is taken within a round, so that a machine that slows down
 * meanwhile slows both.
 */
export async function sideBySide (
  first: () => unknown, second: () => unknown, { now = () => performance.now(), ...rounds }: SideBySideOptions
): Promise<Ratio> {
  const timed = (work: () => unknown) => async (): Promise<number> => {
    const begin = now()
    await work()
    return now() - begin
  }
  return await inTurns(timed(first), timed(second), rounds)
}

/** The same of two that say themselves how many ms they took, as another process does. */
export async function inTurns (
  first: () => Promise<number>, second: () => Promise<number>, { rounds, warmUpRounds }: Omit<SideBySideOptions, 'now'>
): Promise<Ratio> {
  const firstMs: number[] = []
  const secondMs: number[] = []
  for (let round = -warmUpRounds; round < rounds; round++) {
    const swapped = round % 2 !== 0
    const before = await (swapped ? second : first)()
    const after = await (swapped ? first : second)()
    if (round < 0) continue
    firstMs.push(swapped ? after : before)
    secondMs.push(swapped ? before : after)
  }
  const ratios = firstMs.map((ms, round) => ms / (secondMs[round] ?? NaN))
  return { value: median(ratios), spread: spread(ratios), firstMs: median(firstMs), secondMs: median(secondMs) }
}
