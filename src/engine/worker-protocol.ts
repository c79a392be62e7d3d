/** Messages between the session pool and a session worker. Structured clone carries the bytes as they are. */
import type { FileHashes } from './checked-files.js'
import type { BatchShape } from './step-message.js'

export type ExecutionProvider = 'cpu' | 'cuda'

/** What the products with the canvas are computed in. */
export type CpuPrecision = 'float32' | 'int8'
/** float16 is for GPUs: a CPU runs it, slowly, where it is demanded. */
export type Precision = CpuPrecision | 'float16'

/** Paths. */
export interface GraphFiles {
  readonly graph: string
  /** Of the graph, and of the weights beside it. */
  readonly hashes: FileHashes
}

/** Where optimised copies of graphs are, and from which size on graphs have one. */
export interface CopySettings {
  readonly directory: string
  /** Of the files that a session reads. */
  readonly fromBytes: number
}

export interface OptimisedCopy {
  readonly folder: string
  /** The session made it: the next one will be made of it, and need less memory. */
  readonly isNew: boolean
}

export interface WorkerOptions {
  /** The step graph for each execution provider. */
  readonly graphFiles: Readonly<Record<ExecutionProvider, GraphFiles>>
  readonly executionProvider: ExecutionProvider | 'auto'
  /** Which GPU; of no meaning on the CPU. */
  readonly deviceId: number
  /** Intra-op threads. */
  readonly threads: number
  /** Of the CPU's graphs; undefined: there are none. */
  readonly copies?: CopySettings | undefined
}

export interface ToWorker {
  readonly shape: BatchShape
  /** A batch in the layout of step-message.ts. */
  readonly bytes: Uint8Array
}

export type FromWorker =
  | {
    readonly type: 'ready'
    readonly executionProvider: ExecutionProvider
    /** Of ONNX Runtime. */
    readonly runtimeVersion: string
    /** Why `auto` did not get CUDA. */
    readonly fallbackReason?: string
    readonly copy?: OptimisedCopy
    /** Why the graph, which is large, has no optimised copy. */
    readonly copyProblem?: string
  }
  | {
    readonly type: 'result'
    /** A result in the layout of step-message.ts. */
    readonly bytes: Uint8Array
    /** Time spent in session.run. */
    readonly runMs: number
  }
  | { readonly type: 'failed', readonly message: string }
