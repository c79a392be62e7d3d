/** From a scenario that breaks a promise to a small one that breaks the same. */
import type { Scenario } from './scenario.js'

/**
 * Leaves out arrivals, half of them at once, then fewer, as long as the failure stays.
 * @param failureOf what is wrong with a scenario, in a word or a sentence; undefined: nothing
 */
export async function shrink (scenario: Scenario, failureOf: (scenario: Scenario) => Promise<string | undefined>): Promise<Scenario> {
  const failure = await failureOf(scenario)
  let smallest = scenario
  for (let size = Math.ceil(scenario.arrivals.length / 2); size >= 1;) {
    let isSmaller = false
    for (let begin = 0; begin < smallest.arrivals.length;) {
      const candidate = { ...smallest, arrivals: smallest.arrivals.toSpliced(begin, size) }
      if (await failureOf(candidate) === failure) {
        smallest = candidate
        isSmaller = true
      } else begin += size
    }
    if (!isSmaller || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2)
  }
  return smallest
}
