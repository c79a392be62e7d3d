/** Whether there is memory for another model beside those that are served. */
import { freeMemory } from '../engine/free-memory.js'
import { chooseGraphs } from '../engine/graph-choice.js'
import { FewstepError } from '../errors.js'
import type { Manifest } from '../model/manifest.js'

const MIB = 2 ** 20
/** A worker without a model: Node and ONNX Runtime. */
const WORKER_BYTES = 100 * MIB
/** ONNX Runtime lays weights out anew for its kernels, beside those that it read. */
const COPIES = 2

type Graphs = Parameters<typeof chooseGraphs>[1]

/**
 * From sizes alone, so that it costs nothing; what a step takes comes on top of it.
 * @param workers how many there will be
 * @throws FewstepError not_enough_memory, with both figures
 */
export function checkMemory (manifest: Manifest, graphs: Graphs, workers: number, free: number = freeMemory()): void {
  const sizes = chooseGraphs(manifest, graphs).cpu.map(({ file }) => Object.entries(manifest.files)
    .reduce((sum, [name, { bytes }]) => name === file || name.startsWith(`${file}.`) ? sum + bytes : sum, 0))
  const needed = workers * (WORKER_BYTES + COPIES * Math.max(...sizes))
  if (needed <= free) return
  throw new FewstepError('not_enough_memory', `${manifest.name} would take about ${mib(needed)} MiB beside the models that are served, and ` +
    `${mib(free)} MiB are free; unload one first`, { field: 'folder' })
}

function mib (bytes: number): number {
  return Math.round(bytes / MIB)
}
