/** Time of a whole sequential generation from its time per token at a few cache positions. */

/** Milliseconds that the token at `position`, after `position` others, takes. */
export interface TokenTime {
  readonly position: number
  readonly ms: number
}

/**
 * Time of tokens 0 ... `tokens` - 1, each interpolated linearly between the two positions measured around it; what a token
 * costs grows linearly with the keys and values it reads. Outside the positions measured, the nearest one's time.
 * @param times ascending by position, at least one
 */
export function generationMs (times: readonly TokenTime[], tokens: number): number {
  let sum = 0
  for (let position = 0; position < tokens; position++) sum += tokenMs(times, position)
  return sum
}

function tokenMs (times: readonly TokenTime[], position: number): number {
  const after = times.findIndex((time) => time.position >= position)
  const right = times[after] ?? times.at(-1)
  const left = times[after - 1] ?? right
  if (left === undefined || right === undefined) throw new RangeError('no token was timed')
  if (right.position <= left.position || right.position < position) return right.ms
  return left.ms + (right.ms - left.ms) * (position - left.position) / (right.position - left.position)
}

/**
 * The batch size at which a ratio that falls with it passes through 1, between the sizes measured (both logarithmic).
 * @param ratios ascending by batch
 * @returns the smallest batch where it is below 1 there already, null where it never is
 */
export function crossing (ratios: ReadonlyArray<{ readonly batch: number, readonly ratio: number }>): number | null {
  const after = ratios.findIndex(({ ratio }) => ratio < 1)
  const right = ratios[after]
  if (right === undefined) return null
  const left = ratios[after - 1]
  if (left === undefined) return right.batch
  const share = Math.log(left.ratio) / (Math.log(left.ratio) - Math.log(right.ratio))
  return left.batch * (right.batch / left.batch) ** share
}
