/** Numbers as JSON and the log show them: to so many digits behind the point. */
export function round (value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
