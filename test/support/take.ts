/** Generations as a stream brings them, made by hand. */
import { Canvases, type Generation, type ReplayItem, type StepEvent } from '../../src/client/index.js'

/** After each step what stands at each position; ░ is a mask. A step every 10 ms. */
export function itemsOf (steps: readonly string[][], more: Partial<StepEvent> = {}): ReplayItem[] {
  const canvases = new Canvases()
  return steps.map((pieces, i) => canvases.apply({
    event: 'step',
    data: {
      index: 0,
      step: i + 1,
      steps: steps.length,
      t: (i + 1) / steps.length,
      changes: pieces.flatMap((text, position) => text === steps[i - 1]?.[position]
        ? []
        : [{ position, token: [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_536, 7), text, ...(text === '░' ? { masked: true } : {}) }]),
      text: pieces.join(''),
      ...more
    }
  }, (i + 1) * 10))
}

export function generationOf (text: string, steps: number, more: Partial<Generation> = {}): Generation {
  return {
    id: 'gen-1',
    object: 'generation',
    model: 'tiny',
    outputs: [{ index: 0, text, tokens: [1, 2, 3], finish_reason: 'length', seed: 7, steps, steps_reason: 'full' }],
    usage: { prompt_tokens: 2, completion_tokens: 3, network_calls: steps },
    timings: { queue_ms: 1, compute_ms: 25, total_ms: 30 },
    ...more
  }
}
