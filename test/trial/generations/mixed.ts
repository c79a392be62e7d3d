/** Requests of every kind that leaves something behind, or might: a mixture from a seed. */
import { eventsOf, post, postTo } from '../../support/client.js'
import { Draw } from '../../support/draw.js'

const AT_ONCE = 16
const PROMPTS = ['', 'Once', 'Once upon a time', 'The old man said: "é, 漢字, 🙂"']

interface Kind {
  readonly name: string
  /** @returns how it ended: a status, or a word */
  readonly visit: (url: string, draw: Draw, seed: number) => Promise<number | string>
  readonly expected: ReadonlyArray<number | string>
}

export interface Mixed {
  /** Requests by kind and end. */
  readonly ends: Readonly<Record<string, number>>
  /** The first of those that ended as they should not. */
  readonly unexpected: readonly string[]
}

function anyBody (draw: Draw, seed: number): Record<string, unknown> {
  return {
    seed,
    prompt: draw.of(PROMPTS),
    max_tokens: draw.integer(1, 24),
    steps: draw.integer(1, 4),
    n: draw.integer(1, 3),
    top_k: draw.of([0, 0, 0, 5])
  }
}

/** The status, when all of the answer has come. */
async function statusOf (response: Promise<Response>): Promise<number> {
  const answer = await response
  await answer.arrayBuffer()
  return answer.status
}

/** @param leaves after so many events */
async function streamed (url: string, body: object, leaves = Infinity): Promise<string> {
  const response = await post(url, { ...body, stream: true })
  let last: string = String(response.status)
  let events = 0
  for await (const { event } of eventsOf(response)) {
    last = event
    if (++events === leaves) return 'left' // which closes the connection
  }
  return last
}

const KINDS: readonly Kind[] = [
  { name: 'generation', expected: [200], visit: async (url, draw, seed) => await statusOf(post(url, anyBody(draw, seed))) },
  { name: 'stream', expected: ['done'], visit: async (url, draw, seed) => await streamed(url, anyBody(draw, seed)) },
  {
    name: 'stream that is left',
    // Its events may be few, where many steps are one.
    expected: ['left', 'done'],
    visit: async (url, draw, seed) => await streamed(url, { ...anyBody(draw, seed), steps: 40 }, draw.integer(1, 3))
  },
  {
    name: 'elastic generation',
    expected: [200],
    visit: async (url, draw, seed) => {
      return await statusOf(post(url, { ...anyBody(draw, seed), steps: { min: 1, max: 6 }, stop_when_stable: true }))
    }
  },
  {
    name: 'completion',
    expected: [200],
    visit: async (url, draw, seed) => {
      const body = { ...anyBody(draw, seed), prompt: 'Once', stream: draw.of([true, false]) }
      return await statusOf(postTo(url, '/v1/completions', body))
    }
  },
  {
    name: 'score',
    expected: [200],
    visit: async (url, _, seed) => await statusOf(postTo(url, '/v1/score', { seed, prompt: 'Once', continuations: [' upon a', ' ab'], samples: 4 }))
  },
  {
    name: 'deadline',
    // As fast as the machine is.
    expected: [200, 422, 429, 504],
    visit: async (url, draw, seed) => await statusOf(post(url, { ...anyBody(draw, seed), steps: 200, deadline_ms: draw.of([1, 20, 100]) }))
  },
  { name: 'wrong field', expected: [400], visit: async (url, draw, seed) => await statusOf(post(url, { ...anyBody(draw, seed), stepz: 1 })) },
  { name: 'no JSON', expected: [400], visit: async (url) => await statusOf(post(url, '{"prompt": ')) },
  { name: 'too long', expected: [422], visit: async (url, _, seed) => await statusOf(post(url, { seed, max_tokens: 8, prompt: 'Once '.repeat(100) })) },
  { name: 'no such route', expected: [404], visit: async (url) => await statusOf(postTo(url, '/v1/nothing', {})) }
]

/** @param first number of the first request: a request is the same in any run of the seed */
export async function mixedGenerations ({ url, count, seed, first = 0 }: {
  readonly url: string, readonly count: number, readonly seed: number, readonly first?: number
}): Promise<Mixed> {
  const ends: Record<string, number> = {}
  const unexpected: string[] = []
  let next = first
  const client = async (): Promise<void> => {
    while (next < first + count) {
      const number = next++
      const draw = new Draw(seed * 1_000_000 + number)
      const { name, visit, expected } = draw.of(KINDS)
      const end = await visit(url, draw, number).catch((error: unknown) => String(error))
      ends[`${name}: ${end}`] = (ends[`${name}: ${end}`] ?? 0) + 1
      if (!expected.includes(end)) unexpected.push(`request ${number}, ${name}: ${end}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return { ends, unexpected }
}
