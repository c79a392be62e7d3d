/**
 * The process that owns one onnxruntime session; the only file that imports onnxruntime-node. It runs one batch at a
 * time. Its options come as the first argument, in JSON.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { ExecutionProvider, FromWorker, StepBatch, StepResult, ToWorker, WorkerOptions } from './worker-protocol.js'

function send (message: FromWorker): void {
  process.send?.(message)
}

function int64 (values: Int32Array, dims: number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims)
}

function feedsOf (batch: StepBatch): InferenceSession.FeedsType {
  const { rows, paddedLength } = batch
  const filters = batch.topK.some((k) => k > 0) || batch.topP.some((p) => p < 1)
  return {
    tokens: int64(batch.tokens, [rows, paddedLength]),
    length: int64(batch.length, [rows]),
    t: new Tensor('float32', batch.t, [rows]),
    h: new Tensor('float32', batch.h, [rows]),
    editable: new Tensor('bool', batch.editable, [rows, paddedLength]),
    temperature: new Tensor('float32', batch.temperature, [rows]),
    top_k: int64(batch.topK, [rows]),
    top_p: new Tensor('float32', batch.topP, [rows]),
    solver: int64(batch.solver, [rows]),
    noise: new Tensor('float32', batch.noise, [rows, paddedLength, 2]),
    filter: new Tensor('bool', Uint8Array.of(filters ? 1 : 0), [])
  }
}

async function runStep (session: InferenceSession, batch: StepBatch): Promise<StepResult> {
  const feeds = feedsOf(batch)
  const start = performance.now()
  const { next_tokens: next, confidence } = await session.run(feeds)
  const runMs = performance.now() - start
  if (next === undefined || confidence === undefined) throw new Error('the step graph has no next_tokens or confidence')
  return {
    tokens: Int32Array.from(next.data as BigInt64Array, Number),
    confidence: confidence.data as Float32Array,
    runMs
  }
}

function createSession (options: WorkerOptions, executionProvider: ExecutionProvider): Promise<InferenceSession> {
  return InferenceSession.create(options.graphFile, {
    executionProviders: [executionProvider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3
  })
}

/** @throws Error saying what CUDA needs */
async function createCudaSession (options: WorkerOptions): Promise<InferenceSession> {
  try {
    return await createSession(options, 'cuda')
  } catch (cause) {
    throw new Error('no session on CUDA: it needs an NVIDIA GPU with its driver, CUDA 12 with cuDNN 9, and the CUDA libraries of onnxruntime-node ' +
      `(all but the GPU are in the CUDA image). ONNX Runtime says: ${messageOf(cause)}`, { cause })
  }
}

/** `auto`: CUDA where a session can be made on it, else the CPU, with the reason why not CUDA. */
async function openSession (options: WorkerOptions): Promise<{ session: InferenceSession, ready: FromWorker }> {
  const { executionProvider } = options
  if (executionProvider === 'cpu') return { session: await createSession(options, 'cpu'), ready: { type: 'ready', executionProvider } }
  if (executionProvider === 'cuda') return { session: await createCudaSession(options), ready: { type: 'ready', executionProvider } }
  try {
    return { session: await createCudaSession(options), ready: { type: 'ready', executionProvider: 'cuda' } }
  } catch (error) {
    const session = await createSession(options, 'cpu')
    return { session, ready: { type: 'ready', executionProvider: 'cpu', fallbackReason: messageOf(error) } }
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function main (): Promise<void> {
  const { session, ready } = await openSession(JSON.parse(process.argv[2] ?? '{}') as WorkerOptions)
  process.on('message', ({ batch }: ToWorker) => {
    runStep(session, batch).then(
      (result) => { send({ type: 'result', result }) },
      (error: unknown) => { send({ type: 'failed', message: messageOf(error) }) }
    )
  })
  send(ready)
}

// The pool decides when a worker goes: a terminal's Ctrl-C reaches the whole process group and must not kill a running step.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('disconnect', () => { process.exit(0) })

main().catch((error: unknown) => {
  send({ type: 'failed', message: messageOf(error) })
  process.exitCode = 1
  process.disconnect()
})
