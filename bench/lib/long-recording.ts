/** A recording of a large canvas, as a stream would bring it: for what a page can show. */
import type { Recording, RecordedEvent } from '../../src/client/index.js'
import { pick, uniforms } from '../../src/load/random.js'

export interface Shape {
  readonly tokens: number
  readonly steps: number
  /** Between refinements. */
  readonly stepMs: number
}

const WORDS = [' the', ' little', ' dog', ' was', ' happy', ' and', ' ran', ' home', '.', ' She', ' said', ',', ' to', ' her', ' mom', 'ing']

/** Each step chooses its share of the tokens and revises a few. */
export function longRecording ({ tokens, steps, stepMs }: Shape): Recording {
  const random = uniforms(1)
  const order = Array.from({ length: tokens }, (_, position) => ({ position, key: random() })).sort((a, b) => a.key - b.key)
  const pieces = new Array<string>(tokens).fill('░')
  const events: RecordedEvent[] = []
  for (let step = 1; step <= steps; step++) {
    const chosen = order.slice(Math.round(tokens * (step - 1) / steps), Math.round(tokens * step / steps))
    const revised = order.slice(0, Math.floor(tokens / 50))
    const positions = step === 1 ? order.map(({ position }) => position) : [...chosen, ...revised].map(({ position }) => position)
    const now = new Set([...chosen, ...step === 1 ? [] : revised].map(({ position }) => position))
    const changes = [...new Set(positions)].map((position) => {
      if (!now.has(position)) return { position, token: WORDS.length, text: '░', masked: true }
      const text = pieces[position] = pick(WORDS, random)
      return { position, token: WORDS.indexOf(text), text }
    })
    events.push({
      at_ms: step * stepMs,
      event: 'step',
      data: { index: 0, step, steps, t: step / steps, changes, text: pieces.join(''), confidence: pieces.map(() => Math.round(random() * 100) / 100) }
    })
  }
  return { fewstep_recording: 1, created: new Date(0).toISOString(), model: 'none', request: { max_tokens: tokens, steps }, events }
}
