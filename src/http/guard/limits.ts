/** What one client may ask for. */

export interface Limits {
  /** undefined, here and below: no limit. */
  readonly requestsPerMinute: number | undefined
  /** Outputs x steps x padded length. */
  readonly positionsPerMinute: number | undefined
  readonly canvasesAtOnce: number | undefined
}

/** Settings say 0 where there is no limit. */
export function limitsOf ({ requestsPerMinute, positionsPerMinute, canvasesAtOnce }: Readonly<Record<keyof Limits, number>>): Limits {
  return {
    requestsPerMinute: requestsPerMinute || undefined,
    positionsPerMinute: positionsPerMinute || undefined,
    canvasesAtOnce: canvasesAtOnce || undefined
  }
}

export function hasLimits (limits: Limits): boolean {
  return Object.values(limits).some((limit) => limit !== undefined)
}
