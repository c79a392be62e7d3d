/** Between JSON (snake_case) and the generation room's own values. */
import type { GapFill, TextEvent, TextOutput, TextRequest, TextResult, TextStep } from '../../generation/index.js'
import type { Part } from '../generation/merged.js'
import { toTextOptions } from '../generation/options.js'
import { round } from '../generation/round.js'
import { encodeEvent } from '../generation/sse.js'
import type { GenerateRequest } from './schemas/generate-request.js'
import type { Generation, StepEvent } from './schemas/generation.js'

export function toTextRequest ({ prompt, template, ...options }: GenerateRequest): TextRequest {
  return { prompt, template, ...toTextOptions(options) }
}

/** What an answer says besides its outputs. */
export interface AnswerOptions {
  readonly id: string
  readonly model: string
  readonly timeline: boolean
  readonly confidence: boolean
}

export function toGeneration ({ outputs, usage, timings }: TextResult, options: AnswerOptions): Generation {
  return {
    id: options.id,
    object: 'generation',
    model: options.model,
    outputs: outputs.map((output) => toOutput(output, options)),
    usage: {
      prompt_tokens: usage.promptTokens,
      completion_tokens: usage.completionTokens,
      network_calls: usage.networkCalls,
      ...(usage.scoringCalls > 0 ? { scoring_calls: usage.scoringCalls } : {})
    },
    timings: {
      queue_ms: round(timings.queueMs, 3),
      compute_ms: round(timings.computeMs, 3),
      total_ms: round(timings.totalMs, 3)
    }
  }
}

function toOutput (output: TextOutput, { timeline, confidence }: AnswerOptions): Generation['outputs'][number] {
  const { index, text, tokens, finishReason, seed, steps, stepsReason, blocks, gaps } = output
  return {
    index,
    text,
    tokens: [...tokens],
    finish_reason: finishReason,
    seed,
    steps,
    steps_reason: stepsReason,
    ...(blocks === undefined ? {} : { blocks }),
    ...(timeline ? { timeline: [...output.timeline] } : {}),
    ...(confidence ? { confidence: output.confidence.map((p) => round(p, 4)) } : {}),
    ...(gaps === undefined ? {} : { gaps: gaps.map(toGap) })
  }
}

function toGap ({ text, tokens, choices }: GapFill): NonNullable<Generation['outputs'][number]['gaps']>[number] {
  return {
    text,
    tokens: [...tokens],
    ...(choices === undefined
      ? {}
      : {
          choices: choices.map((choice) => ({
            text: choice.text,
            probability: round(choice.share, 6),
            logprob: round(choice.logprob, 4),
            standard_error: round(choice.standardError, 4)
          }))
        })
  }
}

/** Each event of a generation as a server-sent one, encoded. */
export async function * toEvents (
  events: AsyncIterable<Part<TextEvent>>, options: AnswerOptions
): AsyncGenerator<string, void, undefined> {
  for await (const { event } of events) {
    yield event.type === 'done' ? encodeEvent('done', toGeneration(event.result, options)) : encodeEvent('step', toStepEvent(event.step, options))
  }
}

export function toStepEvent (
  { index, step, steps, t, block, blocks, changes, text, confidence }: TextStep, options: Pick<AnswerOptions, 'confidence'>
): StepEvent {
  return {
    index,
    step,
    steps,
    t: round(t, 6),
    ...(blocks > 1 ? { block, blocks } : {}),
    changes: changes.map(({ position, token, text, masked, given }) =>
      ({ position, token, text, ...(masked ? { masked } : {}), ...(given ? { given } : {}) })),
    text,
    ...(options.confidence ? { confidence: Array.from(confidence(), (p) => round(p, 4)) } : {})
  }
}
