/** Real engines on the tiny models of test/fixtures. */
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { namedSchedule } from '../../src/diffusion/schedule.js'
import { Engine, type EngineOptions } from '../../src/engine/engine.js'
import type { GenerationRequest, RowRequest } from '../../src/engine/request.js'
import { readManifest } from '../../src/model/manifest.js'

export type FixtureName = 'tiny-text' | 'tiny-mask' | 'tiny-uniform' | 'tiny-llada' | 'tiny-dream' | 'tiny-half' | 'tiny-faulty' | 'tiny-old'

export function fixture (name: FixtureName): string {
  return fileURLToPath(new URL(`../fixtures/models/${name}`, import.meta.url))
}

/** TEST_EXECUTION_PROVIDER=cuda runs the engine's tests on a GPU. */
export const PROVIDER = process.env['TEST_EXECUTION_PROVIDER'] === 'cuda' ? 'cuda' : 'cpu'

/** Of tests that need a graph to refuse a token, as no kernel of CUDA does, or two workers, of which one GPU has one. */
export const ON_CPU = PROVIDER === 'cpu' ? {} : { skip: 'for the CPU' }

export async function startEngine (name: FixtureName, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const directory = fixture(name)
  return await Engine.start({
    model: { directory, manifest: await readManifest(directory) },
    workers: 1,
    threads: 1,
    executionProvider: PROVIDER,
    precision: 'auto',
    devices: undefined,
    warmUpMs: 0,
    cacheDirectory: undefined,
    maxQueue: 256,
    maxWaitMs: Infinity,
    maxBatch: 16,
    stepTimeoutMs: 60_000,
    logger: pino({ level: 'silent' }),
    ...options
  })
}

/** A free canvas, or one that begins with frozen tokens. */
export function rowOf (seed: number, length: number, prefix: readonly number[] = []): RowRequest {
  const tokens = new Int32Array(length)
  const editable = new Uint8Array(length).fill(1)
  tokens.set(prefix)
  editable.fill(0, 0, prefix.length)
  return { seed, template: { tokens, editable } }
}

export function requestOf (rows: readonly RowRequest[], steps: number, changes: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    id: 'test',
    rows,
    budget: { kind: 'exact', stepSizes: namedSchedule('uniform', steps) },
    sampling: { solver: 'cumulative', jumps: 'independent', temperature: 1, topK: 0, topP: 1 },
    ...changes
  }
}
