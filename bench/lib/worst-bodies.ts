/** Requests made to hold a server's event loop: each as large as the default limit of a body lets it be. */

export interface WorstBody {
  readonly name: string
  readonly path: string
  readonly body: string
}

/** FEWSTEP_BODY_LIMIT's default, less room for the JSON around a text. */
const BYTES = 1_000_000

function fill (piece: string, bytes: number = BYTES): string {
  return piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)))
}

/** The texts that are the most work for a tokenizer or a template's reader. */
const TEXTS = {
  'one word of a million letters': fill('a'),
  'words that no vocabulary has': fill('qzxj '),
  spaces: fill(' '),
  'combining marks': fill('\u0301'),
  'characters of four bytes': fill('\u{1d518}'),
  'ends of text': fill('<|endoftext|>'),
  'gaps of full length': fill('[[256]]'),
  'gaps of one token': fill('[[1]]'),
  'gaps that are none': fill('[['),
  'a gap between words': fill('lorem ipsum [[1]] ')
} as const

/** Where a model is named, the embedded one. */
const MODEL = 'fewstep-stories'
const MANY = 128
const WORDS = 'Once upon a time there was a little girl who had a dog. '

const ask = (name: string, path: string, body: object): WorstBody => ({ name: `${name}, ${path}`, path, body: JSON.stringify(body) })
const few = { max_tokens: 1, steps: 1 }
const many = { n: MANY, max_tokens: 200, steps: 1, temperature: 2 }
const ids = (length: number): number[] => Array.from({ length }, (_, i) => 300 + i % 1000)
const said = (length: number, content: string): object[] => Array.from({ length }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content }))
const stopStrings = { stop: Array.from({ length: 32 }, (_, i) => fill('ab', 250) + String(i)) }

/** OpenAI's dialect: it takes more outputs, prompts and stop strings at once than any other. */
const OPENAI_BODIES: readonly WorstBody[] = [
  ...Object.entries(TEXTS).flatMap(([name, text]) => [
    ask(name, '/v1/completions', { prompt: text, ...few }),
    ask(`${name}, suffix`, '/v1/completions', { prompt: 'A', suffix: text, ...few }),
    ask(name, '/v1/chat/completions', { messages: [{ role: 'user', content: text }], ...few }),
    ask(name, '/tokenize', { prompt: text.slice(0, 4000), return_token_strs: true })
  ]),
  ask(`${MANY} outputs with logprobs`, '/v1/completions', { prompt: 'A', logprobs: 5, ...many }),
  ask(`${MANY} outputs with logprobs`, '/v1/chat/completions', { messages: said(1, 'A'), logprobs: true, top_logprobs: 20, ...many }),
  ask(`${MANY} outputs with the prompt`, '/v1/completions', { prompt: WORDS.repeat(10), echo: true, ...many, max_tokens: 50 }),
  ask(`${MANY} outputs in a stream`, '/v1/completions', { prompt: 'A', stream: true, logprobs: 5, ...many }),
  ask(`${MANY} outputs as they change`, '/v1/completions', { prompt: 'A', stream: true, diffusing: true, ...many, steps: 2 }),
  ask(`${MANY} outputs and stop strings`, '/v1/completions', { prompt: 'A', ...stopStrings, ...many }),
  ask(`${MANY} outputs and stop strings, streamed`, '/v1/completions', { prompt: 'A', stream: true, diffusing: true, ...stopStrings, ...many }),
  ask('many stop strings', '/v1/completions', { stop: Array(BYTES / 8).fill('stop') }),
  ask(`${MANY} prompts`, '/v1/completions', { prompt: Array(MANY).fill(WORDS.repeat(14)), logprobs: 5, ...few }),
  ask(`${MANY} prompts of one long word`, '/v1/completions', { prompt: Array(MANY).fill(fill('qzxj', 800)), ...few }),
  ask(`${MANY} prompts of token ids`, '/v1/completions', { prompt: Array(MANY).fill(ids(250)), echo: true, ...few }),
  ask('one prompt of token ids', '/v1/completions', { prompt: ids(2 ** 16), ...few }),
  ask(`${MANY} prompts of too many token ids`, '/v1/completions', { prompt: Array(MANY).fill(ids(1500)), ...few }),
  ask('a long conversation', '/v1/chat/completions', { messages: said(256, ''), ...few }),
  ask('a conversation of many texts', '/v1/chat/completions', {
    messages: [{ role: 'user', content: Array(3000).fill({ type: 'text', text: 'a' }) }], ...few
  }),
  ask('a conversation of special tokens', '/v1/chat/completions', { messages: said(250, '<|endoftext|>'), ...few }),
  ask('a long conversation', '/tokenize', { messages: said(256, 'A dog. ') }),
  ask('a gap between long texts', '/v1/fim/completions', { prompt: fill('qzxj ', 500_000), suffix: fill('qzxj ', 490_000), ...few }),
  ask('tokens', '/detokenize', { tokens: ids(2 ** 13) }),
  ask('many biases', '/v1/completions', { logit_bias: Object.fromEntries(ids(9000).map((_, i) => [i, 0])), ...few })
]

const nested = `{"prompt": ${'['.repeat(BYTES / 2)}${']'.repeat(BYTES / 2)}}`
const fields = `{${Array.from({ length: BYTES / 16 }, (_, i) => `"k${i}": ${i}`).join(', ')}}`
const stops = JSON.stringify({ prompt: 'A', max_tokens: 200, n: 16, stop: Array(4).fill(fill('ab', 200)) })

export const WORST_BODIES: readonly WorstBody[] = [
  ...Object.entries(TEXTS).flatMap(([name, text]) => [
    { name: `${name}, prompt`, path: '/v1/generate', body: JSON.stringify({ prompt: text, max_tokens: 1, steps: 1 }) },
    { name: `${name}, template`, path: '/v1/generate', body: JSON.stringify({ template: `${text}[[1]]`, steps: 1 }) },
    {
      name: `${name}, KServe`,
      path: `/v2/models/${MODEL}/generate`,
      body: JSON.stringify({ text_input: text, parameters: { steps: 1, max_tokens: 1 } })
    }
  ]),
  { name: 'lists in lists', path: '/v1/generate', body: nested },
  { name: 'many fields', path: '/v1/generate', body: fields },
  { name: 'a long schedule', path: '/v1/generate', body: JSON.stringify({ schedule: Array(BYTES / 8).fill(1e-5) }) },
  { name: 'outputs and stop strings', path: '/v1/generate', body: stops },
  { name: 'many stop strings', path: '/v1/generate', body: JSON.stringify({ stop: Array(BYTES / 8).fill('stop') }) },
  { name: 'many tensors', path: `/v2/models/${MODEL}/infer`, body: JSON.stringify({ inputs: Array(BYTES / 16).fill({ name: 'a' }) }) },
  ...OPENAI_BODIES
]
