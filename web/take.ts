/** What was recorded: one lane an output, each a row of refinements; and all of them in the order in which they came. */
import type { FewstepError, GenerateRequest, Generation, Refinement, ReplayItem } from '../src/client/index.js'

export interface Lane {
  readonly request: GenerateRequest
  /** Which output of the generation. */
  readonly index: number
  readonly refinements: readonly Refinement[]
  readonly generation?: Generation
  readonly failure?: FewstepError
}

/** One refinement of one lane. */
export interface Frame {
  readonly atMs: number
  readonly lane: number
  /** Among the refinements of its lane. */
  readonly refinement: number
}

export function newLane (request: GenerateRequest, index = 0): Lane {
  return { request, index, refinements: [] }
}

export function withItem (lane: Lane, item: ReplayItem): Lane {
  switch (item.type) {
    case 'step': return item.index === lane.index ? { ...lane, refinements: [...lane.refinements, item] } : lane
    case 'done': return { ...lane, generation: item.generation }
    case 'error': return { ...lane, failure: item.error }
  }
}

const known = new WeakMap<readonly Lane[], readonly Frame[]>()

/** Of all lanes, in the order in which they came. */
export function framesOf (lanes: readonly Lane[]): readonly Frame[] {
  const frames = known.get(lanes) ?? lanes
    .flatMap(({ refinements }, lane) => refinements.map(({ atMs }, refinement) => ({ atMs, lane, refinement })))
    .sort((a, b) => a.atMs - b.atMs)
  known.set(lanes, frames)
  return frames
}

/** How many refinements of each lane are among the first `frame` of all. */
export function refinementsAt (lanes: readonly Lane[], frame: number): number[] {
  const counts = lanes.map(() => 0)
  for (const { lane, refinement } of framesOf(lanes).slice(0, frame)) counts[lane] = refinement + 1
  return counts
}

/** When the last refinement of all came. */
export function durationMs (lanes: readonly Lane[]): number {
  return framesOf(lanes).at(-1)?.atMs ?? 0
}

/** How long a refinement took: since the one before of its lane, or, the first, since the request was sent. */
export function stepMs ({ refinements }: Lane, refinement: number): number {
  return (refinements[refinement]?.atMs ?? 0) - (refinements[refinement - 1]?.atMs ?? 0)
}

/** The text with what it continues, as it stands at a refinement, or at the end. */
export function textOf (lane: Lane, refinement = lane.refinements.length - 1): string {
  return (lane.request.template === undefined ? lane.request.prompt ?? '' : '') + (lane.refinements[refinement]?.text ?? '')
}

/** How many tokens a refinement chose, for the first time or anew. */
export function changesOf ({ refinements }: Lane, refinement: number): number {
  const { changed = [], tokens = [] } = refinements[refinement] ?? {}
  return changed.filter((position) => tokens[position]?.masked === false && !tokens[position].given).length
}

export function mostChanges (lane: Lane): number {
  return Math.max(0, ...lane.refinements.map((_, i) => changesOf(lane, i)))
}
