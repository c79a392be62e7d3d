/** What a generation took, in numbers; of two, beside each other. */
import { count, ms } from './numbers.js'
import type { Lane } from './take.js'

const REASONS: Partial<Record<string, string>> = { load: ' (others waited)', deadline: ' (deadline near)', stable: ' (settled)' }

export type Fact = readonly [name: string, ...values: string[]]

/** A row a fact, with a value a lane; none before the end. */
export function factsOf (lanes: readonly Lane[]): Fact[] {
  const done = lanes.filter(({ generation }) => generation !== undefined)
  if (done.length === 0 || done.length < lanes.length) return []
  const rows: Array<[string, (lane: Lane) => string]> = [
    ['Steps', (lane) => `${outputOf(lane)?.steps ?? ''}${REASONS[outputOf(lane)?.steps_reason ?? ''] ?? ''}`],
    ...lanes.some(({ generation }) => generation?.model !== lanes[0]?.generation?.model)
      ? [['Model', ({ generation }: Lane) => generation?.model ?? ''] as [string, (lane: Lane) => string]]
      : [],
    ['Total', ({ generation }) => ms(generation?.timings.total_ms ?? 0)],
    ['Computing', ({ generation }) => ms(generation?.timings.compute_ms ?? 0)],
    ['In the queue', ({ generation }) => ms(generation?.timings.queue_ms ?? 0)],
    ['Tokens a second', ({ generation }) => rate(generation)],
    ['Revised', (lane) => count(revisions(lane), 'token')],
    ['Seed', (lane) => String(outputOf(lane)?.seed ?? '')]
  ]
  return rows.map(([name, value]) => [name, ...lanes.map(value)])
}

function outputOf ({ generation, index }: Lane): { steps: number, steps_reason: string, seed: number } | undefined {
  return generation?.outputs.find((output) => output.index === index)
}

function rate (generation: Lane['generation']): string {
  if (generation === undefined) return ''
  const { timings: { total_ms: total }, usage: { completion_tokens: tokens } } = generation
  return total > 0 ? Math.round(tokens / total * 1000).toLocaleString('en') : ''
}

/** How often a token that was there already was replaced by another one. */
export function revisions ({ refinements }: Lane): number {
  let revised = 0
  refinements.forEach(({ changed, tokens }, i) => {
    const before = refinements[i - 1]?.tokens
    for (const position of changed) {
      const [old, now] = [before?.[position], tokens[position]]
      if (old !== undefined && !old.masked && !old.given && old.id !== now?.id) revised++
    }
  })
  return revised
}
