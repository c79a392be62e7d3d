/** What a step costs by rows and length on this machine: the simulator's cost curve, and what batching gains. */
import { availableParallelism } from 'node:os'
import { DEFAULT_MODEL } from '../../src/config.js'
import { chooseGraphs, graphFiles } from '../../src/engine/graph-choice.js'
import { Session } from '../../src/engine/session.js'
import { timeStep, warmUpShapes } from '../../src/engine/warm-up.js'
import { readManifest } from '../../src/model/manifest.js'
import { median, spread } from '../../src/load/statistics.js'
import type { Figure, Measurement } from './figure.js'

const ROUNDS = 5
/** The best of so many counts, as at the service's own warm-up. */
const TRIES = 3
const MAX_BATCH = 16
const LENGTH = 128

async function measure (): Promise<Measurement> {
  const manifest = await readManifest(DEFAULT_MODEL)
  const { max_length: maxLength } = manifest
  const { cpu: [cpu], cuda } = chooseGraphs(manifest, { precision: 'auto', executionProvider: 'cpu' })
  const session = await Session.start({
    graphFiles: { cpu: graphFiles(DEFAULT_MODEL, manifest, cpu), cuda: graphFiles(DEFAULT_MODEL, manifest, cuda) },
    executionProvider: 'cpu',
    deviceId: 0,
    threads: availableParallelism()
  })
  try {
    const shapes = warmUpShapes(maxLength, MAX_BATCH)
    // The first step of a shape allocates.
    for (const shape of shapes) await timeStep([session], shape, 1)
    const rounds: number[][] = []
    // Shape after shape, round after round: what disturbs the machine for a while disturbs one round of each.
    for (let round = 0; round < ROUNDS; round++) {
      const times: number[] = []
      for (const shape of shapes) times.push(await timeStep([session], shape, TRIES))
      rounds.push(times)
    }
    const rowMs = (times: readonly number[], rows: number): number =>
      (times[shapes.findIndex((shape) => shape.rows === rows && shape.paddedLength === LENGTH)] ?? NaN) / rows
    const gains = rounds.map((times) => rowMs(times, 1) / rowMs(times, MAX_BATCH))
    return {
      value: median(gains),
      spread: spread(gains),
      unit: '×',
      detail: {
        threads: session.options.threads,
        precision: cpu.precision,
        points: shapes.map((shape, i) => ({ ...shape, ms: median(rounds.map((times) => times[i] ?? NaN)) }))
      }
    }
  } finally {
    session.kill()
    await session.exited
  }
}

export const stepCosts: Figure = {
  name: 'step_costs',
  about: `rows per second in batches of ${MAX_BATCH} over one at a time, ${LENGTH} tokens, embedded model`,
  measure
}
