/** Sessions on the graphs of a model's folder, as the service opens them, for what is tried on a GPU. */
import { availableParallelism } from 'node:os'
import { graphFiles } from '../../src/engine/graph-choice.js'
import { Session } from '../../src/engine/session.js'
import type { ExecutionProvider } from '../../src/engine/worker-protocol.js'
import { graphsOf, readManifest, type Manifest, type NamedGraph } from '../../src/model/manifest.js'

export interface ModelGraphs {
  readonly manifest: Manifest
  readonly graphs: readonly NamedGraph[]
  readonly open: (graph: NamedGraph, provider: ExecutionProvider) => Promise<Session>
}

export async function modelGraphs (directory: string): Promise<ModelGraphs> {
  const manifest = await readManifest(directory)
  return {
    manifest,
    graphs: graphsOf(manifest),
    open: async (graph, executionProvider) => {
      const files = graphFiles(directory, manifest, graph)
      const threads = availableParallelism()
      return await Session.start({ graphFiles: { cpu: files, cuda: files }, executionProvider, deviceId: 0, threads })
    }
  }
}

/** @throws Error where it is neither */
export function providerOf (text: string | undefined): ExecutionProvider {
  if (text === 'cuda' || text === 'cpu') return text
  throw new Error('the execution provider is cuda or cpu')
}
