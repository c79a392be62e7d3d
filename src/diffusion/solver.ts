/** The rates that a step may jump with; the index is the step graph's `solver` input. */
export const SOLVERS = ['cumulative', 'euler', 'euler_exact'] as const
export type Solver = (typeof SOLVERS)[number]

export function solverIndex (solver: Solver): number {
  return SOLVERS.indexOf(solver)
}

/**
 * The cumulative solver's jump exponent ln(1 - kappa(t)) - ln(1 - kappa(end)) of a step from t to end, kappa(t) = t^n:
 * P(jump) = 1 - exp(-a (1 - p(z))). From FS-DFM (arXiv 2509.20624), clamped as published.
 */
export function jumpExponent (t: number, end: number, exponent: number): number {
  const oneMinusKappa = (time: number): number => Math.max(1 - time ** exponent, 1e-8)
  return Math.log(oneMinusKappa(t)) - Math.log(oneMinusKappa(end))
}
