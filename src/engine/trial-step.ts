/** A step or two before a model is called ready: its graph must do what its manifest says, which no file shows for certain. */
import { initialCanvas, lengthBucket } from '../diffusion/canvas.js'
import { NO_TIME_TO_COME } from '../diffusion/jump-times.js'
import { fillNoise } from '../diffusion/random.js'
import { solverIndex } from '../diffusion/solver.js'
import { problem } from '../model/files.js'
import { canScore, type Manifest } from '../model/manifest.js'
import { reasonOf } from '../model/quote.js'
import type { Session } from './session.js'
import { brokenLaw, brokenScore } from './step-law.js'
import { BY_PLAN, type BatchArrays } from './step-message.js'

/** Of its 32 uniforms only 8 are below 1/2: so few jumps are told from the half of all masks that masked diffusion reveals. */
const SEED = 241
/** No session that is to serve takes longer. */
const TIMEOUT_MS = 300_000
const ADVICE = 'export the model again, or put back the manifest that it was exported with'

interface TrialRow {
  readonly tokens: Int32Array
  readonly editable: Uint8Array
  readonly t: number
}

/** Both rows take half of the way. */
const H = 1 / 2

/**
 * The first row goes from the source at t = 0 to 1/2, one token given; the second to t = 1, the first half of its tokens there already.
 * Both hold the largest ids that there are: an embedding with fewer rows fails.
 */
function trialRows (manifest: Manifest): readonly [TrialRow, TrialRow] {
  const { vocab_size: vocabSize, mask_token_id: maskTokenId, source_distribution: distribution, max_length: maxLength } = manifest
  const length = lengthBucket(1, maxLength)
  const largest = maskTokenId === vocabSize - 1 ? vocabSize - 2 : vocabSize - 1
  const everywhere = new Uint8Array(length).fill(1)
  const given = everywhere.slice()
  if (length > 1) given[0] = 0
  const source = { distribution, vocabSize, maskTokenId }
  const begun = initialCanvas({ tokens: new Int32Array(length).fill(largest), editable: given }, source, SEED)
  return [
    { tokens: begun, editable: given, t: 0 },
    { tokens: begun.slice().fill(largest, 0, length >> 1), editable: everywhere, t: 1 - H }
  ]
}

/**
 * Nobody waits for it and nothing is learnt from it: it is no measurement.
 * @throws Error with one sentence: the graph's file, what its step does and what in the manifest that contradicts
 */
export async function tryStep (session: Session, manifest: Manifest): Promise<void> {
  const { graphFiles, executionProvider } = session.options
  const refused = (what: string, cause?: unknown): Error =>
    problem(graphFiles[executionProvider].graph, `a trial step ${what}; ${ADVICE}`, cause)
  const rows = trialRows(manifest)
  const length = rows[0].tokens.length
  const shape = { rows: rows.length, paddedLength: length }
  const { arrays: { tokens, confidence } } = await session.run(shape, (batch) => { fill(batch, rows, manifest) }, TIMEOUT_MS)
    .catch((cause: unknown) => { throw refused(`on a canvas of ${length} tokens fails: ${reasonOf(cause)}`, cause) })
  const noise = new Float32Array(2 * length)
  fillNoise(SEED, 1, length, noise, 0)
  const jumpNoise = noise.filter((_, i) => i % 2 === 0)
  for (const [i, row] of rows.entries()) {
    const [begin, end] = [i * length, (i + 1) * length]
    const made = { next: tokens.subarray(begin, end), confidence: confidence.subarray(begin, end) }
    const what = brokenLaw({ ...row, ...made, h: H, jumpNoise }, manifest)
    if (what !== undefined) throw refused(what)
  }
  if (!canScore(manifest)) return
  const scored = await session.run({ ...shape, lane: 'score' }, (batch) => { fillScored(batch, rows, manifest) }, TIMEOUT_MS)
    .catch((cause: unknown) => { throw refused(`that scores a canvas of ${length} tokens fails: ${reasonOf(cause)}`, cause) })
  const what = brokenScore(scored.arrays)
  if (what !== undefined) throw refused(what)
}

/** Nothing changes, and each token is asked about itself. */
function fillScored (batch: BatchArrays, rows: readonly TrialRow[], manifest: Manifest): void {
  fill(batch, rows, manifest)
  batch.editable.fill(0)
  batch.targets.set(batch.tokens)
}

/** With the model's own sampling, as most requests will. */
function fill (batch: BatchArrays, rows: readonly TrialRow[], { defaults }: Manifest): void {
  batch.seed.fill(SEED)
  batch.step.fill(1)
  batch.block.fill(0)
  batch.revealAbove.fill(BY_PLAN)
  batch.h.fill(H)
  batch.spreadFrom.fill(NO_TIME_TO_COME)
  batch.solver.fill(solverIndex('cumulative'))
  batch.temperature.fill(defaults.temperature)
  batch.topK.fill(defaults.top_k)
  batch.topP.fill(defaults.top_p)
  for (const [i, { tokens, editable, t }] of rows.entries()) {
    batch.length[i] = tokens.length
    batch.t[i] = t
    batch.tokens.set(tokens, i * tokens.length)
    batch.editable.set(editable, i * tokens.length)
  }
}
