/** The choices of /v1/chat/completions. */
import type { TextOutput } from '../../generation/index.js'
import { extrasOf, logprob } from './choice.js'
import type { ChatRequest } from './schemas/chat.js'
import type { Ended, Shape } from './shape.js'

export function chatShape (body: ChatRequest): Shape {
  const { logprobs, top_logprobs: top = 0, timeline, diffusing } = body
  const logprobsIn = (output: TextOutput): object | null => {
    return logprobs === true ? { content: logprobsOf(output, top > 0), refusal: null } : null
  }
  const endOf = ({ output }: Ended): object => ({ finish_reason: output.finishReason, ...extrasOf(output, timeline === true) })
  return {
    choice: (ended) => ({
      index: ended.index,
      message: { role: 'assistant', content: ended.text, refusal: null },
      logprobs: logprobsIn(ended.output),
      ...endOf(ended)
    }),
    opening: (index) => [{ index, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null }],
    piece: (index, text) => ({ index, delta: { content: text }, logprobs: null, finish_reason: null }),
    ending: (ended) => {
      const { index, text, output } = ended
      const rest = { index, delta: { content: text }, logprobs: logprobsIn(output) }
      if (diffusing === true) return [{ ...rest, ...endOf(ended) }]
      const last = { index, delta: {}, logprobs: null, ...endOf(ended) }
      return text === '' ? [last] : [{ ...rest, finish_reason: null }, last]
    }
  }
}

function logprobsOf ({ pieces, confidence }: TextOutput, withTop: boolean): object[] {
  return pieces.map((token, i) => {
    const said = { token, logprob: logprob(confidence[i] ?? 0), bytes: [...Buffer.from(token)] }
    return { ...said, top_logprobs: withTop ? [said] : [] }
  })
}
