/** The chunks of a stream. */
import type { TextEvent, TextStep } from '../../generation/index.js'
import type { Part } from '../generation/merged.js'
import { round } from '../generation/round.js'
import { encodeData } from '../generation/sse.js'
import { usageOf } from './choice.js'
import type { AnswerPlan } from './shape.js'

export const DONE = 'data: [DONE]\n\n'
/** Without an empty line, which would end an event: some clients take the empty event for data. */
export const KEEP_ALIVE = ': keep-alive\n'

export interface StreamPlan extends AnswerPlan {
  /**
   * settled: text that can no longer change, added to what was told. whole: at each refinement the text as it stands, which
   * replaces what was told. end: everything when it is done.
   */
  readonly tell: 'settled' | 'whole' | 'end'
  readonly includeUsage: boolean
  readonly continuousUsage: boolean
}

/** Nothing that was told is withdrawn, unless `tell` is whole. */
export async function * encodeStream (events: AsyncIterable<Part<TextEvent>>, plan: StreamPlan): AsyncGenerator<string, void, undefined> {
  const { head, shape, n, prefixes, promptTokens, tell, includeUsage } = plan
  const told = new Map<number, string>()
  const tokens = new Map<number, number>()
  let total = 0
  const soFar = (): number => Math.max(total, [...tokens.values()].reduce((sum, count) => sum + count, 0))
  const chunk = (choice: object, progress: number): string => encodeData({
    ...head,
    choices: [choice],
    ...(plan.continuousUsage ? { usage: usageOf(promptTokens, soFar()) } : includeUsage ? { usage: null } : {}),
    ...(tell === 'whole' ? { diffusion_meta: { diffusion_content: true, diffusion_progress: round(progress, 4) } } : {})
  })
  const opening = function * (index: number): Generator<string> {
    if (told.has(index)) return
    told.set(index, '')
    for (const choice of shape.opening(index)) yield chunk(choice, 0)
  }
  const refinement = function * (index: number, prefix: string, { settled, text, t }: TextStep): Generator<string> {
    tokens.set(index, settled.tokens)
    // The last one is told by the end, with the reason why it is one.
    if (t === 1 || tell === 'end') return
    if (tell === 'whole') yield chunk(shape.piece(index, prefix + text), t)
    else {
      const before = told.get(index)?.length ?? 0
      const now = prefix + settled.text
      told.set(index, now)
      if (now.length > before) yield chunk(shape.piece(index, now.slice(before)), t)
    }
  }
  for await (const { part, event } of events) {
    const prefix = prefixes[part] ?? ''
    if (event.type === 'step') {
      const index = part * n + event.step.index
      yield * opening(index)
      yield * refinement(index, prefix, event.step)
      continue
    }
    total += event.result.usage.completionTokens
    for (const output of event.result.outputs) {
      const index = part * n + output.index
      yield * opening(index)
      const text = prefix + output.text
      const left = tell === 'whole' ? text : text.slice(told.get(index)?.length)
      for (const choice of shape.ending({ index, output, text: left })) yield chunk(choice, 1)
    }
  }
  if (includeUsage) yield encodeData({ ...head, choices: [], usage: usageOf(promptTokens, total) })
  yield DONE
}
