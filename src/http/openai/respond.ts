/** A request of this dialect, translated, run and answered. */
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FewstepError } from '../../errors.js'
import type { PreparedGeneration, TextRequest, TextResult } from '../../generation/index.js'
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

/** Of all outputs of a prompt. */
const MAX_POSITIONS = 2 ** 16
const CHOICES_A_TURN = 4

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

/** @returns the reply, which has been sent, whole or as a stream */
export async function respond (
  context: GenerationContext, exchange: Exchange, loaded: LoadedModel, translated: Translated
): Promise<object> {
  const { body, texts, shape, echo } = translated
  const { n = 1, stream = false } = body
  const id = `${translated.prefix}-${randomUUID()}`
  const { prepared, whole, events } = await serveGeneration(context, exchange, loaded, { id, texts, stream })
  checkSizes(prepared)
  const plan: AnswerPlan = {
    head: headOf(loaded.model, id, stream ? translated.chunkObject : translated.object),
    shape,
    n,
    prefixes: echo ? prepared.map((each, i) => promptOf(each, texts[i])) : [],
    promptTokens: prepared.reduce((sum, { layout }) => sum + layout.promptTokens, 0)
  }
  if (!stream) {
    return await exchange.reply.type('application/json; charset=utf-8').send(await encodeAnswer(await whole(), plan))
  }
  const { include_usage: includeUsage = false, continuous_usage_stats: continuousUsage = false } = body.stream_options ?? {}
  const tell = body.diffusing === true ? 'whole' : translated.logprobs ? 'end' : 'settled'
  return await sendEventStream(context, exchange, encodeStream(events(), { ...plan, tell, includeUsage, continuousUsage }), {
    keepAlive: KEEP_ALIVE,
    encodeError: (error: FewstepError) => encodeData(errorBodyOf(error, exchange.request)) + DONE
  })
}

/** The whole answer as JSON. It may have a megabyte or more: others are served between its choices. */
async function encodeAnswer (results: readonly TextResult[], { head, shape, n, prefixes, promptTokens }: AnswerPlan): Promise<string> {
  const choices: string[] = []
  for (const [part, { outputs }] of results.entries()) {
    for (const output of mostConfident(outputs, n)) {
      if (choices.length % CHOICES_A_TURN === CHOICES_A_TURN - 1) await nextTurn()
      choices.push(JSON.stringify(shape.choice({ index: choices.length, output, text: (prefixes[part] ?? '') + output.text })))
    }
  }
  const rest = JSON.stringify({ ...head, usage: usageOf(promptTokens, completionTokensOf(results)) })
  return `${rest.slice(0, -1)},"choices":[${choices.join(',')}]}`
}

/** An answer is put together in memory: it must have an end. */
function checkSizes (prepared: readonly PreparedGeneration[]): void {
  for (const { layout, engineRequest: { rows } } of prepared) {
    const length = layout.canvas.tokens.length
    if (rows.length * length <= MAX_POSITIONS) continue
    throw new FewstepError('invalid_request',
      `n and best_of must be at most ${Math.floor(MAX_POSITIONS / length)} where prompt and max_tokens are ${length} tokens; lower ` +
      'them', { field: 'n' })
  }
}

/** The prompt's text, as it was sent or as its tokens read. */
function promptOf ({ model, layout }: PreparedGeneration, text: TextRequest | undefined): string {
  if (text?.promptTokens === undefined) return text?.prompt ?? ''
  return model.tokenizer.pieces(layout.canvas.tokens.subarray(0, layout.segments[0]?.begin), { given: true }).join('')
}
