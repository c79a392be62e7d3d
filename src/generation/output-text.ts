/** One output on its way, block after block. */
import type { CanvasTemplate, RowResult, StepListener } from '../engine/request.js'
import type { StepsReason } from '../engine/step-budget.js'
import type { Ticket } from '../engine/ticket.js'
import { canvasOf, type Block } from './blocks.js'
import type { PreparedGeneration } from './prepare.js'
import { TextReader, type UnfinishedText } from './text-reader.js'

/** Arrays as long as the text up to some position. */
interface TextArrays {
  readonly tokens: Int32Array
  /** Posterior probability of each token, as of the last step on its block. */
  readonly confidence: Float32Array
}

/** A refinement: of a block, which stands for the text up to its end. */
export interface TextUpdate extends UnfinishedText, TextArrays {
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
  /** All before the block: it stays. */
  readonly before: TextArrays
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
    if (text.endsWith(index, block)) break
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
  readonly #reader: TextReader
  /** Whether the text ends with the block `index`, which is made. */
  #end: { readonly index: number, readonly isEnd: boolean } | undefined
  /** Positions that are made or given, from the first on. */
  #made = 0
  #steps = 0
  #blocks = 0

  constructor (prepared: PreparedGeneration, row: number) {
    this.#prepared = prepared
    this.#row = row
    this.#reader = new TextReader(prepared)
    this.#tokens = prepared.blank.slice()
    this.#confidence = new Float32Array(this.#tokens.length)
    this.#timeline = new Int32Array(this.#tokens.length)
  }

  canvas (block: Block): CanvasTemplate {
    return canvasOf(block, this.#tokens, this.#prepared.layout.canvas.editable)
  }

  /** Tells of the whole text what the engine tells of a block's canvas. */
  listener (index: number, block: Block, onUpdate: TextListener): StepListener {
    const { layout: { blocks }, engineRequest: { budget } } = this.#prepared
    const each = budget.kind === 'exact' ? budget.stepSizes.length : budget.max
    const before = { tokens: this.#tokens.subarray(0, block.begin), confidence: this.#confidence.subarray(0, block.begin) }
    return ({ step, steps, t, tokens, confidence }) => {
      const own = ownOf(block, { tokens, confidence })
      const blockDone = t === 1
      if (blockDone) this.#tokens.set(own.tokens, block.begin)
      const last = blockDone && this.endsWith(index, block)
      onUpdate({
        row: this.#row,
        step: this.#steps + step,
        steps: this.#steps + steps + (last ? 0 : each * (blocks.length - 1 - index)),
        t: last ? 1 : (index + t) / blocks.length,
        block: index,
        blockDone,
        last,
        before,
        ...own
      })
    }
  }

  /** The block is made. */
  take (block: Block, { timeline, steps, stepsReason, ...arrays }: RowResult): void {
    const { begin, end, window } = block
    const own = ownOf(block, arrays)
    this.#tokens.set(own.tokens, begin)
    this.#confidence.set(own.confidence, begin)
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

  /** Whether nothing comes after a block whose tokens are there: it is the last one, or holds the end of the text. */
  endsWith (index: number, { end }: Block): boolean {
    if (index === this.#prepared.layout.blocks.length - 1) return true
    if (this.#end?.index !== index) {
      const { finishReason } = this.#reader.read({ before: { tokens: this.#tokens.subarray(0, end) }, tokens: NOTHING })
      this.#end = { index, isEnd: finishReason === 'stop' }
    }
    return this.#end.isEnd
  }
}

const NOTHING = new Int32Array()

/** Of a canvas: what the block makes. */
function ownOf ({ begin, end, window }: Block, { tokens, confidence }: TextArrays): TextArrays {
  const own = [begin - window.begin, end - window.begin] as const
  return { tokens: tokens.subarray(...own), confidence: confidence.subarray(...own) }
}

/** Of several blocks the first of these that one of them has. */
const REASONS: readonly StepsReason[] = ['deadline', 'load', 'stable', 'full']
