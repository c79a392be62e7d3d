/**
 * The process that owns one onnxruntime session; the only file that imports onnxruntime-node. It runs one batch after
 * another. Its arguments are its options, in JSON, and its parent's process id.
 */
import './worker-signals.js'
import './first-to-go.js'
import './parent-watch.js'
import { env, InferenceSession, Tensor } from 'onnxruntime-node'
import { NO_TIME_TO_COME, spreadJumps } from '../diffusion/jump-times.js'
import { fillNoise } from '../diffusion/random.js'
import { loadChecked } from './checked-files.js'
import { cudaAdvice, loadProblem, preloadCuda } from './cuda-libraries.js'
import { openOptimised, type Loading, type Opened } from './optimised-copy.js'
import { batchArena, resultArena, type BatchArrays, type BatchShape } from './step-message.js'
import type { ExecutionProvider, FromWorker, ToWorker, WorkerOptions } from './worker-protocol.js'

/** Memory that grows to the largest batch and is used again for every step. */
const batches = batchArena()
const results = resultArena()
const feedMemory = new Map<string, ArrayBuffer>()

/** On processors without VNNI sums of 8-bit products could saturate in 16 bits: their slower, exact kernels are used. */
const EXACT = { x64quantprecision: '1' }

/** Nobody asks how probable given tokens are. */
const NO_TARGETS = new Tensor('int64', new BigInt64Array(0), [0, 0])

function send (message: FromWorker): void {
  process.send?.(message)
}

function memoryOf (name: string, bytes: number): ArrayBuffer {
  let memory = feedMemory.get(name)
  if (memory === undefined || memory.byteLength < bytes) {
    memory = new ArrayBuffer(bytes)
    feedMemory.set(name, memory)
  }
  return memory
}

/** Token ids and the like as int64: little-endian pairs of 32 bits, without a BigInt for each. */
function int64 (name: string, values: Int32Array, dims: number[]): Tensor {
  const memory = memoryOf(name, 8 * values.length)
  const halves = new Int32Array(memory, 0, 2 * values.length)
  for (let i = 0; i < values.length; i++) {
    halves[2 * i] = values[i] ?? 0
    halves[2 * i + 1] = (values[i] ?? 0) < 0 ? -1 : 0
  }
  return new Tensor('int64', new BigInt64Array(memory, 0, values.length), dims)
}

function noiseOf (batch: BatchArrays, { rows, paddedLength }: BatchShape): Float32Array {
  const noise = new Float32Array(memoryOf('noise', 8 * rows * paddedLength), 0, 2 * rows * paddedLength)
  noise.fill(0)
  batch.length.forEach((length, row) => {
    const seed = batch.seed[row] ?? 0
    const block = batch.block[row] ?? 0
    fillNoise(seed, batch.step[row] ?? 0, length, noise, 2 * row * paddedLength, block)
    spreadJumps(seed, batch.spreadFrom[row] ?? NO_TIME_TO_COME, length, noise, 2 * row * paddedLength, block)
  })
  return noise
}

/** @param takesTargets whether the graph has them */
function feedsOf (batch: BatchArrays, shape: BatchShape, takesTargets: boolean): InferenceSession.FeedsType {
  const { rows, paddedLength } = shape
  const scores = shape.lane === 'score'
  const filters = batch.topK.some((k) => k > 0) || batch.topP.some((p) => p < 1)
  return {
    tokens: int64('tokens', batch.tokens, [rows, paddedLength]),
    length: int64('length', batch.length, [rows]),
    t: new Tensor('float32', batch.t, [rows]),
    h: new Tensor('float32', batch.h, [rows]),
    editable: new Tensor('bool', batch.editable, [rows, paddedLength]),
    temperature: new Tensor('float32', batch.temperature, [rows]),
    top_k: int64('top_k', batch.topK, [rows]),
    top_p: new Tensor('float32', batch.topP, [rows]),
    solver: int64('solver', batch.solver, [rows]),
    noise: new Tensor('float32', noiseOf(batch, shape), [rows, paddedLength, 2]),
    filter: new Tensor('bool', Uint8Array.of(filters ? 1 : 0), []),
    ...(takesTargets ? { targets: scores ? int64('targets', batch.targets, [rows, paddedLength]) : NO_TARGETS } : {})
  }
}

/** Of graphs that take it. */
function revealAbove (
  { revealAbove: values }: BatchArrays, { rows }: BatchShape, { inputNames }: InferenceSession
): InferenceSession.FeedsType {
  return inputNames.includes('reveal_above') ? { reveal_above: new Tensor('float32', values, [rows]) } : {}
}

/** Else a part of the memory of an earlier step would pass for a result. */
function checkShape (name: string, { dims }: Tensor, { rows, paddedLength }: BatchShape): void {
  if (dims.length === 2 && dims[0] === rows && dims[1] === paddedLength) return
  throw new Error(`its output ${name} has the shape [${dims.join(', ')}], not [${rows}, ${paddedLength}]`)
}

async function runStep (session: InferenceSession, { shape, bytes }: ToWorker): Promise<FromWorker> {
  const batch = batches.read(shape, bytes)
  const feeds = { ...feedsOf(batch, shape, session.inputNames.includes('targets')), ...revealAbove(batch, shape, session) }
  const start = performance.now()
  const { next_tokens: next, confidence, target_logprob: logprob } = await session.run(feeds)
  const runMs = performance.now() - start
  if (next === undefined || confidence === undefined) throw new Error('the step graph has no next_tokens or confidence')
  checkShape('next_tokens', next, shape)
  checkShape('confidence', confidence, shape)
  const result = results.view(shape)
  const ids = next.data as BigInt64Array
  const lowHalves = new Int32Array(ids.buffer, ids.byteOffset, 2 * ids.length)
  for (let i = 0; i < ids.length; i++) result.arrays.tokens[i] = lowHalves[2 * i] ?? 0
  result.arrays.confidence.set(confidence.data as Float32Array)
  if (shape.lane === 'score') {
    if (logprob === undefined) throw new Error('the step graph has no target_logprob')
    checkShape('target_logprob', logprob, shape)
    result.arrays.logprob.set(logprob.data as Float32Array)
  }
  return { type: 'result', bytes: result.bytes, runMs }
}

function createSession (
  options: WorkerOptions, executionProvider: ExecutionProvider, loading: Partial<Loading> = {}
): Promise<InferenceSession> {
  return InferenceSession.create(loading.graph ?? options.graphFiles[executionProvider].graph, {
    executionProviders: [executionProvider === 'cuda' ? { name: 'cuda', deviceId: options.deviceId } : 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Else each shape of a batch, once planned, gets a block of its own beside what was allocated before; see docs/performance.md.
    enableMemPattern: executionProvider !== 'cpu',
    logSeverityLevel: 3,
    ...loading.options,
    extra: { session: { ...EXACT, ...loading.config } }
  })
}

/** @throws Error saying what CUDA needs */
async function createCudaSession (options: WorkerOptions): Promise<InferenceSession> {
  preloadCuda()
  try {
    return await createSession(options, 'cuda')
  } catch (cause) {
    const said = messageOf(cause)
    throw new Error(`no session on CUDA device ${options.deviceId}: ${cudaAdvice(loadProblem() ?? said)}. ONNX Runtime says: ${said}`, { cause })
  }
}

async function openCpuSession (options: WorkerOptions, runtimeVersion: string): Promise<Opened<InferenceSession>> {
  const { graphFiles: { cpu }, copies } = options
  if (copies === undefined) return { session: await loadChecked(cpu.hashes, () => createSession(options, 'cpu')) }
  return await openOptimised(cpu, copies, [runtimeVersion, JSON.stringify(EXACT)], (loading) => createSession(options, 'cpu', loading))
}

/** `auto`: CUDA where a session can be made on it, else the CPU, with the reason why not CUDA. */
async function openSession (options: WorkerOptions): Promise<{ session: InferenceSession, ready: FromWorker }> {
  const { executionProvider: wanted, graphFiles: { cuda } } = options
  const ready = { type: 'ready', runtimeVersion: env.versions.node ?? env.versions.common } as const
  let fallbackReason: string | undefined
  if (wanted !== 'cpu') {
    // A file that is another one than before is no reason to fall back.
    const session = await loadChecked(cuda.hashes, () => createCudaSession(options).catch((error: unknown) => error as Error))
    if (!(session instanceof Error)) return { session, ready: { ...ready, executionProvider: 'cuda' } }
    if (wanted === 'cuda') throw new Error(`FEWSTEP_EXECUTION_PROVIDER is cuda, but there is ${session.message}`, { cause: session })
    fallbackReason = session.message
  }
  const { session, ...copy } = await openCpuSession(options, ready.runtimeVersion)
  return { session, ready: { ...ready, ...copy, executionProvider: 'cpu', ...(fallbackReason === undefined ? {} : { fallbackReason }) } }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function main (): Promise<void> {
  const { session, ready } = await openSession(JSON.parse(process.argv[2] ?? '{}') as WorkerOptions)
  let last = Promise.resolve()
  process.on('message', (message: ToWorker) => {
    // Steps share their memory, so none is touched before the one ahead of it has ended.
    last = last
      .then(() => runStep(session, message))
      .then(send, (error: unknown) => { send({ type: 'failed', message: messageOf(error) }) })
  })
  send(ready)
}

process.on('disconnect', () => { process.exit(0) })

main().catch((error: unknown) => {
  send({ type: 'failed', message: messageOf(error) })
  process.exitCode = 1
  process.disconnect()
})
