/** A generation by an engine of our own, told as a server tells it. */
import { Canvases, type StreamItem } from '../client/index.js'
import type { Engine } from '../engine/engine.js'
import { streamText, type PreparedGeneration } from '../generation/index.js'
import { toGeneration, toStepEvent } from '../http/native/generate-json.js'

export interface Told {
  readonly confidence: boolean
  readonly timeline: boolean
}

/** @throws FewstepError as `streamText` */
export async function * localItems (
  engine: Engine, prepared: PreparedGeneration, told: Told, signal: AbortSignal
): AsyncGenerator<StreamItem, void, undefined> {
  const canvases = new Canvases()
  const sentAt = performance.now()
  const options = { ...told, id: prepared.engineRequest.id, model: prepared.model.manifest.name }
  for await (const event of streamText(engine, prepared, { signal })) {
    const atMs = performance.now() - sentAt
    const item = event.type === 'step'
      ? canvases.apply({ event: 'step', data: toStepEvent(event.step, options) }, atMs)
      : canvases.apply({ event: 'done', data: toGeneration(event.result, options) }, atMs)
    if (item.type !== 'error') yield item
  }
}
