/** Real session workers whose results are not always what the graph gave. */

/** Lies that lying-worker.js has. The last is one in the last step only. */
export const KINDS_OF_LIES = 6

/**
 * When they lie: each n-th result of each worker; each kind once, of a result whose first token is its number; or the first worker that
 * gets so far has no result any more after so many, but says that its step failed. Folders hold what has been.
 */
export type Lies = { readonly every: number } | { readonly once: string } | { readonly failing: string, readonly after: number }

/** The environment for the process whose workers lie, or whose own processes' do. */
export function lying (lies: Lies): { readonly NODE_OPTIONS: string, readonly TEST_LIES: string } {
  const preload = new URL('lying-worker.js', import.meta.url).href
  return { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${preload}`.trim(), TEST_LIES: JSON.stringify(lies) }
}
