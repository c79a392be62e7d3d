/** The choices of /v1/completions. */
import type { TextOutput } from '../../generation/index.js'
import { extrasOf, logprob } from './choice.js'
import type { CompletionRequest } from './schemas/completion.js'
import type { Shape } from './shape.js'

export function completionShape ({ logprobs, timeline }: CompletionRequest): Shape {
  const shape: Shape = {
    choice: ({ index, output, text }) => ({
      index,
      text,
      logprobs: logprobs === undefined ? null : logprobsOf(output),
      finish_reason: output.finishReason,
      ...extrasOf(output, timeline === true)
    }),
    opening: () => [],
    piece: (index, text) => ({ index, text, logprobs: null, finish_reason: null }),
    ending: (ended) => [shape.choice(ended)]
  }
  return shape
}

function logprobsOf ({ pieces, confidence }: TextOutput): object {
  const values = confidence.map(logprob)
  let offset = 0
  return {
    tokens: pieces,
    token_logprobs: values,
    top_logprobs: pieces.map((piece, i) => ({ [piece]: values[i] })),
    text_offset: pieces.map((piece) => {
      const begin = offset
      offset += piece.length
      return begin
    })
  }
}
