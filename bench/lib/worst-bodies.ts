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

const nested = `{"prompt": ${'['.repeat(BYTES / 2)}${']'.repeat(BYTES / 2)}}`
const fields = `{${Array.from({ length: BYTES / 16 }, (_, i) => `"k${i}": ${i}`).join(', ')}}`
const stops = JSON.stringify({ prompt: 'A', max_tokens: 200, n: 16, stop: Array(4).fill(fill('ab', 200)) })

export const WORST_BODIES: readonly WorstBody[] = [
  ...Object.entries(TEXTS).flatMap(([name, text]) => [
    { name: `${name}, prompt`, path: '/v1/generate', body: JSON.stringify({ prompt: text, max_tokens: 1, steps: 1 }) },
    { name: `${name}, template`, path: '/v1/generate', body: JSON.stringify({ template: `${text}[[1]]`, steps: 1 }) },
    {
      name: `${name}, KServe`,
      path: '/v2/models/fewstep-stories/generate',
      body: JSON.stringify({ text_input: text, parameters: { steps: 1, max_tokens: 1 } })
    }
  ]),
  { name: 'lists in lists', path: '/v1/generate', body: nested },
  { name: 'many fields', path: '/v1/generate', body: fields },
  { name: 'a long schedule', path: '/v1/generate', body: JSON.stringify({ schedule: Array(BYTES / 8).fill(1e-5) }) },
  { name: 'outputs and stop strings', path: '/v1/generate', body: stops },
  { name: 'many stop strings', path: '/v1/generate', body: JSON.stringify({ stop: Array(BYTES / 8).fill('stop') }) },
  { name: 'many tensors', path: '/v2/models/fewstep-stories/infer', body: JSON.stringify({ inputs: Array(BYTES / 16).fill({ name: 'a' }) }) }
]
