/** Run a prepared generation on an engine: at once, or refinement by refinement. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Engine } from '../engine/engine.js'
import type { GenerationResult, TicketObserver } from '../engine/request.js'
import { coverage, readCanvas, type CanvasText } from './canvas-reader.js'
import { ChangeTracker } from './change-tracker.js'
import { makeText, type MadeText, type TextListener, type TextUpdate } from './output-text.js'
import type { PreparedGeneration } from './prepare.js'
import { settledText } from './settled.js'
import { StepQueue } from './step-queue.js'
import { TextReader } from './text-reader.js'
import type { GapFill, TextOutput, TextResult, TextStep } from './text-result.js'

/** Read as text at once; that takes about a microsecond each, and some more. */
const TOKENS_A_TURN = 4096

/** Refinements that wait for a slow reader, all outputs together, before older ones are merged into newer ones. */
const MAX_WAITING_STEPS = 64

export type TextEvent =
  | { readonly type: 'step', readonly step: TextStep }
  | { readonly type: 'done', readonly result: TextResult }

export interface RunOptions {
  /** Abort: the generation leaves the engine before its next step and fails with `cancelled`. */
  readonly signal?: AbortSignal
  /** Watches over the engine's work. */
  readonly observer?: TicketObserver | undefined
}

/**
 * @throws FewstepError queue_full, draining, cancelled or inference_failed
 */
export async function generateText (engine: Engine, prepared: PreparedGeneration, options: RunOptions = {}): Promise<TextResult> {
  return await readResult(prepared, await makeTexts(engine, prepared, options))
}

type MadeTexts = Omit<GenerationResult, 'rows'> & { readonly texts: readonly MadeText[] }

/** Each output goes on to its next block when its last one is done, whatever the others do. */
async function makeTexts (
  engine: Engine, prepared: PreparedGeneration, { onUpdate, ...options }: RunOptions & { readonly onUpdate?: TextListener }
): Promise<MadeTexts> {
  return await engine.withTicket(prepared.engineRequest, options, async (ticket) => {
    const texts = await Promise.all(prepared.engineRequest.rows.map((_, row) => makeText(ticket, prepared, row, onUpdate)))
    return { texts, ...ticket.summary() }
  })
}

/**
 * The refinements of all outputs as they are made, then the result. Leaving the loop early cancels the generation.
 *
 * A reader who is slower than the engine may miss refinements; the changes of the next one then include theirs.
 * @throws FewstepError queue_full, draining, cancelled or inference_failed
 */
export async function * streamText (
  engine: Engine, prepared: PreparedGeneration, { signal, observer }: RunOptions = {}
): AsyncGenerator<TextEvent, void, undefined> {
  const queue = new StepQueue(MAX_WAITING_STEPS)
  const controller = new AbortController()
  const leave = (): void => { controller.abort() }
  if (signal?.aborted === true) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const generation = makeTexts(engine, prepared, {
    signal: controller.signal,
    observer,
    onUpdate: (update) => { queue.push(update) }
  })
  const close = (): void => { queue.close() }
  generation.then(close, close)
  const outputs = prepared.engineRequest.rows.map(() => ({ reader: new TextReader(prepared), tracker: new ChangeTracker() }))
  try {
    for await (const update of queue) yield { type: 'step', step: readStep(prepared, outputs[update.row], update) }
    yield { type: 'done', result: await readResult(prepared, await generation) }
  } finally {
    leave()
    signal?.removeEventListener('abort', leave)
  }
}

/** An output as its reader knows it. */
interface KnownOutput {
  readonly reader: TextReader
  readonly tracker: ChangeTracker
}

function readStep (prepared: PreparedGeneration, known: KnownOutput | undefined, update: TextUpdate): TextStep {
  const { row, step, steps, t, block, before, confidence } = update
  if (known === undefined) throw new RangeError(`there is no output ${row}`)
  const { model: { manifest }, layout } = prepared
  const view = known.reader.read(update)
  const [first, last] = coverage(layout)
  return {
    index: row,
    step,
    steps,
    t,
    block,
    blocks: layout.blocks.length,
    changes: known.tracker.changes(view).map((change) => {
      const given = layout.canvas.editable[first + change.position] === 0
      return { ...change, masked: !given && change.token === manifest.mask_token_id, given }
    }),
    text: view.before + view.pieces.join(''),
    confidence: () => Float32Array.from([...before.confidence, ...confidence]).subarray(first, last),
    settled: settledText(prepared, update, view)
  }
}

async function readResult (prepared: PreparedGeneration, { texts, timings, networkCalls, positions }: MadeTexts): Promise<TextResult> {
  const { layout, engineRequest } = prepared
  const outputs: TextOutput[] = []
  let read = 0
  for (const [index, text] of texts.entries()) {
    if (read > TOKENS_A_TURN) {
      await nextTurn()
      read = 0
    }
    outputs.push(readOutput(prepared, text, index, engineRequest.rows[index]?.seed ?? 0))
    read += text.tokens.length
  }
  // Of a template all tokens are kept, the given ones too; of a continuation only made ones.
  const given = layout.isTemplate ? layout.promptTokens : 0
  return {
    outputs,
    usage: {
      promptTokens: layout.promptTokens,
      completionTokens: outputs.reduce((sum, { tokens }) => sum + tokens.length - given, 0),
      networkCalls,
      positions,
      scoringCalls: prepared.decided?.networkCalls ?? 0
    },
    timings
  }
}

function readOutput (prepared: PreparedGeneration, made: MadeText, index: number, seed: number): TextOutput {
  const view = readCanvas(prepared, made.tokens)
  const { tokens, pieces, kept, finishReason } = view
  const [begin] = coverage(prepared.layout)
  return {
    index,
    text: pieces.join(''),
    tokens: kept.map((position) => tokens[position] ?? 0),
    pieces: kept.map((position) => pieces[position] ?? ''),
    finishReason,
    seed,
    steps: made.steps,
    stepsReason: made.stepsReason,
    blocks: prepared.layout.blocks.length > 1 ? made.blocks : undefined,
    timeline: kept.map((position) => made.timeline[begin + position] ?? 0),
    confidence: kept.map((position) => made.confidence[begin + position] ?? 0),
    gaps: prepared.layout.isTemplate ? readGaps(prepared, view) : undefined
  }
}

function readGaps ({ layout, decided }: PreparedGeneration, { tokens, pieces, kept }: CanvasText): GapFill[] {
  const isKept = new Set(kept)
  const [first] = coverage(layout)
  return layout.segments.filter(({ editable, choice }) => editable || choice !== undefined).map((segment) => {
    const [begin, end] = [segment.begin - first, segment.end - first]
    return {
      text: pieces.slice(begin, end).join(''),
      tokens: [...tokens.subarray(begin, end)].filter((_, i) => isKept.has(begin + i)),
      choices: segment.choice === undefined ? undefined : decided?.gaps[segment.choice]?.scores
    }
  })
}
