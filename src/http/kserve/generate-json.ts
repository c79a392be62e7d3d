/** From events and results to the answers of generate and generate_stream. */
import type { TextEvent, TextResult, TextStep } from '../../generation/index.js'
import type { Part } from '../generation/merged.js'
import { round } from '../generation/round.js'
import { encodeData } from '../generation/sse.js'
import { MODEL_VERSION } from './model-path.js'
import type { GenerateAnswer, RefinementAnswer } from './schemas/generate.js'

export interface AnswerOptions {
  /** Its name. */
  readonly model: string
  readonly details: boolean
}

/** Of a result with one output. */
export function toAnswer ({ outputs, usage }: TextResult, { model, details }: AnswerOptions): GenerateAnswer {
  const [output] = outputs
  if (output === undefined) throw new Error('a generation has an output at least')
  const { text, finishReason, seed, steps, stepsReason } = output
  return {
    text_output: text,
    model_name: model,
    model_version: MODEL_VERSION,
    ...(details
      ? {
          details: {
            finish_reason: finishReason,
            seed,
            steps,
            steps_reason: stepsReason,
            prompt_tokens: usage.promptTokens,
            completion_tokens: usage.completionTokens
          }
        }
      : {})
  }
}

function toRefinement ({ text, step, steps, t, changes: placed }: TextStep, { model, details }: AnswerOptions): RefinementAnswer {
  const changes = placed.map(({ position, token, text }) => ({ position, token, text }))
  return {
    text_output: text,
    model_name: model,
    model_version: MODEL_VERSION,
    ...(details ? { details: { step, steps, t: round(t, 6), changes } } : {})
  }
}

/** Each event of a generation as a server-sent one, encoded. */
export async function * toEvents (events: AsyncIterable<Part<TextEvent>>, options: AnswerOptions): AsyncGenerator<string, void, undefined> {
  for await (const { event } of events) {
    yield encodeData(event.type === 'done' ? toAnswer(event.result, options) : toRefinement(event.step, options))
  }
}
