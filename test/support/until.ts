/** Wait for a condition that no event announces. */
import { setImmediate as turn } from 'node:timers/promises'

/** Looks at every turn of the event loop; the test's own timeout ends a wait that is in vain. */
export async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await turn()
}
