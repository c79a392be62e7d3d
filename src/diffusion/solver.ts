/** The rates that a step may jump with; the index is the step graph's `solver` input. */
export const SOLVERS = ['cumulative', 'euler', 'euler_exact'] as const
export type Solver = (typeof SOLVERS)[number]

export function solverIndex (solver: Solver): number {
  return SOLVERS.indexOf(solver)
}
