/** One output on its way, block after block. */
import type { CanvasTemplate, RowResult, StepListener } from '../engine/request.js'
import type { StepsReason } from '../engine/step-budget.js'
import type { Ticket } from '../engine/ticket.js'
import { canvasOf, type Block } from './blocks.js'
import { readCanvas } from './canvas-reader.js'
import type { PreparedGeneration } from './prepare.js'

/** A refinement of the whole text. */
export interface TextUpdate {
  /** Which output. */
  readonly row: number
  /** Counted over all blocks, as `steps`, which are planned. */
  readonly step: number
  readonly steps: number
  /** Time after the step; each block has its share. 1 after the last step. */
  readonly t: number
  /** Which is being made, from 0. */
  readonly block: number
  /** Whether the step was the block's last one. */
  readonly blockDone: boolean
  /** Whether it was the text's. */
  readonly last: boolean
  /** Of the whole text, up to the end of the block. */
  readonly tokens: Int32Array
  /** Of each of these, as of the last step on its block. */
  readonly confidence: Float32Array
}

/** All of an output, arrays as long as what was made of the text. */
export interface MadeText extends RowResult {
  readonly blocks: number
}

export type TextListener = (update: TextUpdate) => void

/**
 * Make the text of one output.
 * @throws FewstepError whatever ended the ticket
 */
export async function makeText (ticket: Ticket, prepared: PreparedGeneration, row: number, onUpdate?: TextListener): Promise<MadeText> {
  const text = new OutputText(prepared, row)
  const { blocks } = prepared.layout
  for (const [index, block] of blocks.entries()) {
    const onStep = onUpdate === undefined ? undefined : text.listener(index, block, onUpdate)
    text.take(block, await ticket.refine({ row, block: index, template: text.canvas(block) }, onStep))
    if (index === blocks.length - 1 || text.ended) break
  }
  ticket.leave(row)
  return text.result()
}

class OutputText {
  readonly #prepared: PreparedGeneration
  readonly #row: number
  readonly #tokens: Int32Array
  readonly #confidence: Float32Array
  readonly #timeline: Int32Array
  readonly #reasons = new Set<StepsReason>()
  /** Positions that are made or given, from the first on. */
  #made = 0
  #steps = 0
  #blocks = 0

  constructor (prepared: PreparedGeneration, row: number) {
    this.#prepared = prepared
    this.#row = row
    this.#tokens = prepared.blank.slice()
    this.#confidence = new Float32Array(this.#tokens.length)
    this.#timeline = new Int32Array(this.#tokens.length)
  }

  /** Whether what is made so far comes to an end. */
  get ended (): boolean {
    return this.#endsWithin(this.#tokens.subarray(0, this.#made))
  }

  canvas (block: Block): CanvasTemplate {
    return canvasOf(block, this.#tokens, this.#prepared.layout.canvas.editable)
  }

  /** Tells of the whole text what the engine tells of a block's canvas. */
  listener (index: number, block: Block, onUpdate: TextListener): StepListener {
    const { layout: { blocks }, engineRequest: { budget } } = this.#prepared
    const each = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    const own = [block.begin - block.window.begin, block.end - block.window.begin] as const
    return ({ step, steps, t, tokens, confidence }) => {
      const whole = this.#tokens.slice(0, block.end)
      whole.set(tokens.subarray(...own), block.begin)
      const confidences = this.#confidence.slice(0, block.end)
      confidences.set(confidence.subarray(...own), block.begin)
      const blockDone = t === 1
      const last = blockDone && (index === blocks.length - 1 || this.#endsWithin(whole))
      onUpdate({
        row: this.#row,
        step: this.#steps + step,
        steps: this.#steps + steps + (last ? 0 : each * (blocks.length - 1 - index)),
        t: last ? 1 : (index + t) / blocks.length,
        block: index,
        blockDone,
        last,
        tokens: whole,
        confidence: confidences
      })
    }
  }

  /** The block is made. */
  take ({ begin, end, window }: Block, { tokens, confidence, timeline, steps, stepsReason }: RowResult): void {
    const own = [begin - window.begin, end - window.begin] as const
    this.#tokens.set(tokens.subarray(...own), begin)
    this.#confidence.set(confidence.subarray(...own), begin)
    for (let i = begin; i < end; i++) {
      const step = timeline[i - window.begin] ?? 0
      this.#timeline[i] = step === 0 ? 0 : this.#steps + step
    }
    this.#made = end
    this.#steps += steps
    this.#blocks++
    this.#reasons.add(stepsReason)
  }

  result (): MadeText {
    return {
      tokens: this.#tokens.subarray(0, this.#made),
      confidence: this.#confidence.subarray(0, this.#made),
      timeline: this.#timeline.subarray(0, this.#made),
      steps: this.#steps,
      stepsReason: REASONS.find((reason) => this.#reasons.has(reason)) ?? 'full',
      blocks: this.#blocks
    }
  }

  #endsWithin (tokens: Int32Array): boolean {
    return readCanvas(this.#prepared, tokens).finishReason === 'stop'
  }
}

/** Of several blocks the first of these that one of them has. */
const REASONS: readonly StepsReason[] = ['deadline', 'load', 'stable', 'full']
