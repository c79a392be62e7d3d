/** Work that is too short to be timed by itself. */

/** Repetitions of `work` that take about `atLeastMs`, as one piece of work, and how many they are. */
export async function longEnough (
  work: () => unknown, atLeastMs: number
): Promise<{ readonly run: () => Promise<void>, readonly times: number }> {
  await work() // the first one allocates
  const begin = performance.now()
  let sample = 0
  do {
    await work()
    sample++
  } while (performance.now() - begin < atLeastMs / 4)
  const times = Math.max(1, Math.ceil(atLeastMs * sample / (performance.now() - begin)))
  return {
    times,
    run: async () => {
      for (let i = 0; i < times; i++) await work()
    }
  }
}

/** Wall time of `work` in ms. */
export async function timeMs (work: () => unknown): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

/**
 * Wall time in ms of `work` within a row of its kind, as it is when it is done again and again: after another process has
 * used the cores the first run finds threads asleep and caches cold. Work that takes `longMs` by itself is run once.
 */
export async function steadyMs (work: () => unknown, longMs: number): Promise<number> {
  const first = await timeMs(work)
  if (first >= longMs) return first
  let times = 0
  const begin = performance.now()
  do {
    await work()
    times++
  } while (performance.now() - begin < longMs / 2)
  return (performance.now() - begin) / times
}
