/** The sessions to begin with: on which processor, how many, with how many threads, warmed up and measured. */
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { lengthBucket } from '../diffusion/canvas.js'
import { CostCurve } from './cost-curve.js'
import { usableCores } from './cpu-limits.js'
import { candidatePlans, choosePlan, choosePrecision, type MeasuredPlan, type PoolPlan } from './pool-plan.js'
import { Session } from './session.js'
import { TuningCache, type Tuning } from './tuning-cache.js'
import { timeStep, warmUp, warmUpShapes } from './warm-up.js'
import type { ExecutionProvider, GraphFiles, Precision, WorkerOptions } from './worker-protocol.js'

/** The batch that plans are compared with. */
const TYPICAL_ROWS = 8
const TYPICAL_LENGTH = 128
const COMPARED_ROUNDS = 3

/** Smaller graphs are loaded as soon from the model's folder, and take little memory either way. */
const COPIED_FROM_BYTES = 64e6

export interface Graph {
  readonly precision: Precision
  readonly files: GraphFiles
  readonly sha256: string
}

export interface OpenSessionsOptions {
  /** The step graphs that may run on each execution provider; of those for the CPU the first where nothing is measured. */
  readonly graphs: { readonly cpu: readonly [Graph, ...Graph[]], readonly cuda: Graph }
  readonly maxLength: number
  /** What the first session of a graph must pass, or none is opened. */
  readonly trial: (session: Session) => Promise<void>
  readonly executionProvider: ExecutionProvider | 'auto'
  /** Ids of the GPUs to use; undefined: all that there are. */
  readonly devices: readonly number[] | undefined
  /** 0: as measured. On GPUs there is one a device. */
  readonly workers: number
  /** Intra-op threads of each worker on the CPU; 0: as measured. */
  readonly threads: number
  readonly maxBatch: number
  /** Longest time for warming up on the CPU; 0: not at all. On GPUs every shape is run. */
  readonly warmUpMs: number
  /** For measurements, and for optimised copies of large graphs; undefined: nothing is kept. */
  readonly cacheDirectory: string | undefined
  /** For tests: the CPU's graphs have a copy from so many bytes on. */
  readonly copiedFromBytes?: number | undefined
  /** Of a model that is served meanwhile: where nothing was kept it is taken over, as measurements would disturb that one, and it them. */
  readonly tuning?: Tuning | undefined
  readonly logger: Logger
  /** Breaks it off. */
  readonly signal?: AbortSignal | undefined
}

/** What a measurement depends on, besides the machine and the runtime. */
export type TuningConditions =
  Pick<OpenSessionsOptions, 'maxLength' | 'workers' | 'threads' | 'maxBatch' | 'warmUpMs' | 'cacheDirectory'> & {
    /** Those that may run on the CPU. */
    readonly graphs: ReadonlyArray<Pick<Graph, 'precision' | 'sha256'>>
  }

export interface OpenedSessions {
  readonly sessions: readonly Session[]
  readonly precision: Precision
  readonly costs: CostCurve
}

/** @throws Error where a session cannot be made: the settings or the model are at fault, not the moment; or the signal's reason */
export async function openSessions (options: OpenSessionsOptions): Promise<OpenedSessions> {
  const { logger, executionProvider, devices = visibleDevices(), signal } = options
  const plans = candidatePlans(usableCores(), options)
  const opened: Session[] = []
  // What runs on them then fails, and that ends it.
  const breakOff = (): void => { for (const session of opened) session.kill() }
  signal?.addEventListener('abort', breakOff)
  try {
    const first = await startFirst({
      graphFiles: filesOf(options.graphs.cpu[0], options),
      executionProvider,
      deviceId: devices[0] ?? 0,
      threads: plans[0]?.threads ?? 1,
      copies: copiesOf(options)
    }, options, opened)
    if (first.fallbackReason !== undefined) logger.warn({ reason: first.fallbackReason }, 'CUDA is not available: running on the CPU')
    const sessions = await (first.options.executionProvider === 'cuda'
      ? onGpus(first, devices, options, opened)
      : onCpu(first, plans, options, opened))
    signal?.throwIfAborted()
    return sessions
  } catch (error) {
    await closeAll(opened)
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', breakOff)
  }
}

/** One session a device, each warmed up with every shape, so that no request waits for an allocation. */
async function onGpus (
  first: Session, devices: readonly number[], options: OpenSessionsOptions, opened: Session[]
): Promise<OpenedSessions> {
  await start(devices.slice(1).map((deviceId) => ({ ...first.options, deviceId })), opened, options.signal)
  const costs = new CostCurve()
  await warmUp(opened, warmUpShapes(options.maxLength, options.maxBatch), costs, Infinity)
  options.logger.info({ devices: opened.map((session) => session.options.deviceId) }, 'sessions on CUDA are warm')
  return { sessions: opened, precision: options.graphs.cuda.precision, costs }
}

/** What was measured at an earlier start under these conditions; undefined where nothing was, or it is too old. */
export async function keptTuning (conditions: TuningConditions, runtimeVersion: string): Promise<Tuning | undefined> {
  const { graphs, maxLength, maxBatch } = conditions
  const plans = candidatePlans(usableCores(), conditions)
  const precisions = graphs.map(({ precision }) => precision)
  return await cacheFor(conditions, runtimeVersion, plans).read(plans, precisions, warmUpShapes(maxLength, maxBatch))
}

function cacheFor (conditions: TuningConditions, runtimeVersion: string, plans: readonly PoolPlan[]): TuningCache {
  const { cacheDirectory, graphs, maxBatch, warmUpMs } = conditions
  return new TuningCache(cacheDirectory, {
    graphs: graphs.map(({ sha256 }) => sha256).join(), runtime: runtimeVersion, maxBatch, warmUpMs, plans: JSON.stringify(plans)
  })
}

async function onCpu (
  first: Session, plans: readonly PoolPlan[], options: OpenSessionsOptions, opened: Session[]
): Promise<OpenedSessions> {
  const { graphs: { cpu: graphs }, maxLength, maxBatch, warmUpMs, logger } = options
  const conditions = { ...options, graphs }
  const kept = await keptTuning(conditions, first.runtimeVersion) ?? options.tuning
  const plan = kept?.plan ?? await bestPlan(first, plans, options, opened)
  const graph = graphs.find(({ precision }) => precision === kept?.precision) ?? await bestGraph(first, plan, options, opened)
  const { precision } = graph
  await arrange(plan, like(first, graph, options), options, opened)
  const shapes = warmUpShapes(maxLength, maxBatch)
  const costs = new CostCurve(kept?.costs)
  // With a cost curve from before, one small step on each session is enough.
  await warmUp(opened, kept === undefined ? shapes : shapes.slice(0, 1), costs, warmUpMs)
  if (kept === undefined && warmUpMs > 0) {
    const cache = cacheFor(conditions, first.runtimeVersion, plans)
    await cache.write({ measuredAt: new Date().toISOString(), plan, precision, costs: costs.points }).catch((error: unknown) => {
      logger.warn({ reason: (error as Error).message },
        `FEWSTEP_CACHE_DIR ${options.cacheDirectory} cannot be written, so the next start measures again: name another folder, or none`)
    })
  }
  const measured = kept === undefined
    ? { measured: 'now' }
    : { measured: kept === options.tuning ? 'of a model that was served' : 'at an earlier start', measuredAt: kept.measuredAt }
  logger.info({ ...plan, precision, ...measured }, 'session workers are ready')
  return { sessions: opened, precision, costs }
}

/** The best of several plans by measurement. Leaves the sessions of the last one measured in `opened`. */
async function bestPlan (first: Session, plans: readonly PoolPlan[], options: OpenSessionsOptions, opened: Session[]): Promise<PoolPlan> {
  const [only] = plans
  if (only !== undefined && plans.length === 1) return only
  const measured: MeasuredPlan[] = []
  for (const plan of plans) {
    await arrange(plan, first.options, options, opened)
    measured.push(await measurePlan(plan, options, opened))
  }
  options.logger.debug({ measured }, 'plans compared')
  return choosePlan(measured) ?? { workers: 1, threads: 1 }
}

/** The better of two graphs by measurement, unless nothing is to be measured. Leaves the sessions of the last one in `opened`. */
async function bestGraph (first: Session, plan: PoolPlan, options: OpenSessionsOptions, opened: Session[]): Promise<Graph> {
  const { graphs: { cpu: graphs }, warmUpMs, logger } = options
  const [likely] = graphs
  if (warmUpMs === 0) return likely
  const measured: Partial<Record<Precision, MeasuredPlan>> = {}
  for (const graph of graphs.length > 1 ? graphs : []) {
    await arrange(plan, like(first, graph, options), options, opened)
    measured[graph.precision] = await measurePlan(plan, options, opened)
  }
  const { float32, int8 } = measured
  if (float32 === undefined || int8 === undefined) return likely
  logger.debug(measured, 'precisions compared')
  const better = choosePrecision({ float32, int8 })
  return graphs.find(({ precision }) => precision === better) ?? likely
}

/** With the sessions of the plan: all of them with a full batch each, and one with one row. */
async function measurePlan (
  plan: PoolPlan, { maxLength, maxBatch }: OpenSessionsOptions, opened: readonly Session[]
): Promise<MeasuredPlan> {
  const paddedLength = lengthBucket(Math.min(TYPICAL_LENGTH, maxLength), maxLength)
  const rows = Math.min(TYPICAL_ROWS, maxBatch)
  const fullMs = await timeStep(opened, { rows, paddedLength, lane: 'step' }, COMPARED_ROUNDS)
  const loneMs = await timeStep(opened.slice(0, 1), { rows: 1, paddedLength, lane: 'step' }, COMPARED_ROUNDS)
  return { plan, rowsPerSecond: 1000 * rows * opened.length / fullMs, loneMs }
}

/** Options of a session like another one, of this graph. */
function like (session: Session, graph: Graph, options: OpenSessionsOptions): Session['options'] {
  return { ...session.options, graphFiles: filesOf(graph, options) }
}

function copiesOf ({ cacheDirectory: directory, copiedFromBytes: fromBytes = COPIED_FROM_BYTES }: OpenSessionsOptions): WorkerOptions['copies'] {
  return directory === undefined ? undefined : { directory, fromBytes }
}

function filesOf (cpu: Graph, { graphs }: OpenSessionsOptions): WorkerOptions['graphFiles'] {
  return { cpu: cpu.files, cuda: graphs.cuda.files }
}

/**
 * Make `opened` what the plan says, with these options: sessions that fit stay, others go, missing ones are started. Where they run
 * another graph than before, the first of them is tried.
 */
async function arrange (
  { workers, threads }: PoolPlan, wanted: Session['options'], options: OpenSessionsOptions, opened: Session[]
): Promise<void> {
  const before = opened[0]?.options
  const otherGraph = before?.graphFiles.cpu.graph !== wanted.graphFiles.cpu.graph
  if (otherGraph || before?.threads !== threads || opened.length > workers) await closeAll(opened)
  const each = otherGraph ? (await startFirst({ ...wanted, threads }, options, opened)).options : { ...wanted, threads }
  await start(Array.from({ length: workers - opened.length }, () => each), opened, options.signal)
}

/**
 * The first session of a graph, tried; `opened` holds no other. Where it made the graph's optimised copy another one takes its place,
 * which is made of that; where the copy does not do what it should, it goes, and no session has one.
 */
async function startFirst (wanted: WorkerOptions, { trial, logger, signal }: OpenSessionsOptions, opened: Session[]): Promise<Session> {
  const restart = async (options: WorkerOptions): Promise<Session> => {
    await closeAll(opened)
    await start([options], opened, signal)
    return opened[0] as Session
  }
  const made = await restart(wanted)
  const session = made.copy?.isNew === true ? await restart(wanted) : made
  const { copy, copyProblem } = session
  if (copyProblem !== undefined) {
    logger.warn({ reason: copyProblem },
      'the optimised graph cannot be kept in FEWSTEP_CACHE_DIR, so workers start later and need more memory: name a folder with room, or none')
  }
  try {
    await trial(session)
    return session
  } catch (error) {
    if (copy === undefined) throw error
    const other = await restart({ ...wanted, copies: undefined })
    await trial(other)
    await rm(copy.folder, { recursive: true, force: true })
    logger.warn({ reason: (error as Error).message }, 'the optimised copy of the graph does not work: sessions are made of the graph itself')
    return other
  }
}

/** Start sessions beside each other and add them to `opened`, also where one of them fails. */
async function start (options: readonly WorkerOptions[], opened: Session[], signal: AbortSignal | undefined): Promise<void> {
  const started = await Promise.allSettled(options.map((each) => Session.start(each, signal)))
  for (const result of started) if (result.status === 'fulfilled') opened.push(result.value)
  for (const result of started) if (result.status === 'rejected') throw result.reason
}

async function closeAll (opened: Session[]): Promise<void> {
  const closing = opened.splice(0)
  for (const session of closing) session.kill()
  await Promise.all(closing.map((session) => session.exited))
}

/** GPUs by their device files, which a container has of its own GPUs only; device 0 where there are none to see. */
function visibleDevices (): number[] {
  try {
    const found = readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name))
    return found.length === 0 ? [0] : found.map((_, i) => i)
  } catch {
    return [0]
  }
}
