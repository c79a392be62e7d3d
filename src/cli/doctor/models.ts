/** The models that the settings name: whether they can be served, and what was measured for them. */
import type { Config } from '../../config.js'
import { chooseGraphs, type GraphChoice } from '../../engine/graph-choice.js'
import { keptTuning } from '../../engine/open-sessions.js'
import { readManifest, type Manifest } from '../../model/manifest.js'
import { loadModel } from '../../model/model.js'
import type { Measured, ModelFacts } from './facts.js'

/** @param runtimeVersion of ONNX Runtime */
export async function modelFacts (folder: string, config: Config, runtimeVersion: string | null): Promise<ModelFacts> {
  const manifest = await readManifest(folder).catch(() => undefined)
  const problem = await loadModel(folder).then(() => null, (error: unknown) => (error as Error).message)
  const graphs = manifest === undefined ? [] : graphsOf(manifest, config)
  return {
    folder,
    name: manifest?.name ?? null,
    parameters: manifest?.parameters ?? null,
    problem: problem ?? (typeof graphs === 'string' ? graphs : null),
    files: Object.entries(manifest?.files ?? {}).map(([name, { bytes, sha256 }]) => ({ name, bytes, sha256 })),
    precisions: typeof graphs === 'string' ? [] : graphs.map(({ precision }) => precision),
    measured: manifest === undefined || typeof graphs === 'string' || runtimeVersion === null
      ? null
      : await measuredFor(manifest, graphs, config, runtimeVersion)
  }
}

/** @returns a sentence where the settings demand what the model does not have */
function graphsOf (manifest: Manifest, config: Config): readonly GraphChoice[] | string {
  try {
    return chooseGraphs(manifest, config).cpu
  } catch (error) {
    return (error as Error).message
  }
}

async function measuredFor (
  manifest: Manifest, graphs: readonly GraphChoice[], config: Config, runtimeVersion: string
): Promise<Measured | null> {
  const kept = await keptTuning({
    ...config,
    graphs: graphs.map(({ file, precision }) => ({ precision, sha256: manifest.files[file]?.sha256 ?? '' })),
    maxLength: manifest.max_length
  }, runtimeVersion)
  if (kept === undefined) return null
  const { measuredAt: at, plan, precision, costs } = kept
  return {
    at,
    ...plan,
    precision,
    costs: costs.map(({ rows, paddedLength, lane, ms }) => ({ rows, padded_length: paddedLength, lane, ms: Math.round(1000 * ms) / 1000 }))
  }
}
