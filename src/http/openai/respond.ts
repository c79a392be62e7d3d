/** A request of this dialect, translated, run and answered. */
import { randomUUID } from 'node:crypto'
import type { FewstepError } from '../../errors.js'
import type { PreparedGeneration, TextRequest } from '../../generation/index.js'
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'
import type { GenerationContext } from '../generation/context.js'
import { sendEventStream } from '../generation/event-stream.js'
import { serveGeneration } from '../generation/served-generation.js'
import { encodeData } from '../generation/sse.js'
import { completionTokensOf, headOf, mostConfident, usageOf } from './choice.js'
import { errorBodyOf } from './errors.js'
import type { SharedFields } from './schemas/shared.js'
import type { AnswerPlan, Shape } from './shape.js'
import { DONE, encodeStream, KEEP_ALIVE } from './stream.js'

export interface Translated {
  /** What ids begin with, as in cmpl-... */
  readonly prefix: string
  /** The answer's name for itself, and that of a stream's chunks. */
  readonly object: string
  readonly chunkObject: string
  readonly body: SharedFields
  readonly texts: readonly TextRequest[]
  readonly shape: Shape
  /** Whether the text of each output begins with its prompt. */
  readonly echo: boolean
  /** Whether logprobs are asked for, which are known at the end. */
  readonly logprobs: boolean
}

/** @returns the answer, or undefined where a stream has been sent */
export async function respond (
  context: GenerationContext, exchange: Exchange, loaded: LoadedModel, translated: Translated
): Promise<object> {
  const { body, texts, shape, echo } = translated
  const { n = 1, stream = false } = body
  const id = `${translated.prefix}-${randomUUID()}`
  const { prepared, whole, events } = await serveGeneration(context, exchange, loaded, { id, texts, stream })
  const plan: AnswerPlan = {
    head: headOf(loaded.model, id, stream ? translated.chunkObject : translated.object),
    shape,
    n,
    prefixes: echo ? prepared.map((each, i) => promptOf(each, texts[i])) : [],
    promptTokens: prepared.reduce((sum, { layout }) => sum + layout.promptTokens, 0)
  }
  if (!stream) {
    const results = await whole()
    const choices = results.flatMap(({ outputs }, part) => mostConfident(outputs, n).map((output, i) =>
      shape.choice({ index: part * n + i, output, text: (plan.prefixes[part] ?? '') + output.text })))
    return { ...plan.head, choices, usage: usageOf(plan.promptTokens, completionTokensOf(results)) }
  }
  const { include_usage: includeUsage = false, continuous_usage_stats: continuousUsage = false } = body.stream_options ?? {}
  const tell = body.diffusing === true ? 'whole' : translated.logprobs ? 'end' : 'settled'
  return await sendEventStream(context, exchange, encodeStream(events(), { ...plan, tell, includeUsage, continuousUsage }), {
    keepAlive: KEEP_ALIVE,
    encodeError: (error: FewstepError) => encodeData(errorBodyOf(error, exchange.request)) + DONE
  })
}

/** The prompt's text, as it was sent or as its tokens read. */
function promptOf ({ model, layout }: PreparedGeneration, text: TextRequest | undefined): string {
  if (text?.promptTokens === undefined) return text?.prompt ?? ''
  return model.tokenizer.pieces(layout.canvas.tokens.subarray(0, layout.segments[0]?.begin), { given: true }).join('')
}
