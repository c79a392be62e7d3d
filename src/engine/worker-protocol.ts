/** Messages between the session pool and a session worker. Structured clone carries typed arrays as bytes. */

export type ExecutionProvider = 'cpu' | 'cuda'

export interface WorkerOptions {
  readonly graphFile: string
  readonly executionProvider: ExecutionProvider | 'auto'
  readonly threads: number
}

/** One step of a batch: B rows padded to L positions. Field names follow the step graph's inputs. */
export interface StepBatch {
  readonly rows: number
  readonly paddedLength: number
  /** [B, L] */
  readonly tokens: Int32Array
  /** [B] */
  readonly length: Int32Array
  readonly t: Float32Array
  readonly h: Float32Array
  readonly temperature: Float32Array
  readonly topK: Int32Array
  readonly topP: Float32Array
  readonly solver: Int32Array
  /** [B, L] */
  readonly editable: Uint8Array
  /** [B, L, 2] */
  readonly noise: Float32Array
}

export interface StepResult {
  /** [B, L] */
  readonly tokens: Int32Array
  /** [B, L] */
  readonly confidence: Float32Array
  /** Time spent in session.run. */
  readonly runMs: number
}

export type ToWorker = { readonly type: 'run', readonly batch: StepBatch }

export type FromWorker =
  | { readonly type: 'ready', readonly executionProvider: ExecutionProvider, readonly fallbackReason?: string }
  | { readonly type: 'result', readonly result: StepResult }
  | { readonly type: 'failed', readonly message: string }
