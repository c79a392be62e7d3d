/**
 * Sessions of large graphs are made of a copy that ONNX Runtime has optimised, with the weights beside it, also as its kernels pack them.
 * What is in the model's folder must be parsed, cast, transposed, joined and packed at each start, each time a copy in memory; the
 * optimised one's weights are mapped from the file, and shared by all workers.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'
import { packedAreAligned, withoutRepeats } from '../model/saved-graph.js'
import { sha256Of } from '../model/sha256.js'
import { loadChecked, type FileHashes } from './checked-files.js'
import type { CopySettings, GraphFiles, OptimisedCopy } from './worker-protocol.js'

/** Of a copy's folder: another one has another name. */
const FORMAT = 1
const GRAPH = 'graph.onnx'
const WEIGHTS = 'graph.onnx.data'
/** Written last. */
const HASHES = 'sha256.json'

/** Smaller ones stay in the graph: ONNX Runtime saves the packed form of larger weights only on boundaries that its kernels can read. */
const BESIDE_BYTES = 2 ** 20
/** A copy takes so much more of the disk at most: 16 bits become 32, and stand there once more as they are packed. */
const GROWTH = 4
/** Nobody makes a copy for longer. */
const ABANDONED_MS = 3_600_000
/** One that nobody has loaded for so long is of a model, a runtime or a processor that is gone. */
const FORGOTTEN_MS = 30 * 86_400_000

/** What a session is made of, and what is special about it. */
export interface Loading {
  readonly graph: string
  readonly options: { readonly graphOptimizationLevel?: 'disabled', readonly optimizedModelFilePath?: string }
  /** Entries of ONNX Runtime's session configuration, without their first word. */
  readonly config: Readonly<Record<string, string>>
}

export interface Opened<T> {
  readonly session: T
  /** Where there is one now: the session is made of it, or, where it is new, of the model's own graph. */
  readonly copy?: OptimisedCopy
  /** Why none could be made, though the graph is large. */
  readonly copyProblem?: string
}

/**
 * A session of the graph's copy where there is one; else of the graph itself, and the copy is made. What is kept is believed by its
 * hashes only: a damaged copy is made anew. Several processes may do this at once.
 * @param conditions all that the copy depends on, besides the graph and the processor
 * @param create makes the session
 * @throws Error where the graph is not the one that was checked; whatever `create` throws
 */
export async function openOptimised<T> (
  source: GraphFiles, settings: CopySettings, conditions: readonly string[], create: (loading: Loading) => Promise<T>
): Promise<Opened<T>> {
  const asItIs = (): Promise<T> => loadChecked(source.hashes, () => create({ graph: source.graph, options: {}, config: {} }))
  const bytes = await bytesOf(Object.keys(source.hashes))
  if (bytes < settings.fromBytes || bytes === 0) return { session: await asItIs() }
  const folder = join(settings.directory, `graph-${keyOf(source, conditions)}`)
  const kept = await loadKept(folder, create)
  if (kept !== undefined) return { session: kept, copy: { folder, isNew: false } }
  let session: T | undefined
  try {
    await mkdir(settings.directory, { recursive: true })
    await tidy(settings.directory)
    await checkRoom(settings.directory, GROWTH * bytes)
    const partial = await mkdtemp(`${folder}.`)
    try {
      session = await loadChecked(source.hashes, () => create(saving(source.graph, partial)))
      await complete(partial)
      await moveTo(folder, partial)
    } finally {
      await rm(partial, { recursive: true, force: true })
    }
    return { session, copy: { folder, isNew: true } }
  } catch (error) {
    return { session: session ?? await asItIs(), copyProblem: (error as Error).message }
  }
}

/** A session that saves what it has made of the graph. */
function saving (graph: string, folder: string): Loading {
  return {
    graph,
    options: { optimizedModelFilePath: join(folder, GRAPH) },
    config: {
      optimized_model_external_initializers_file_name: WEIGHTS,
      optimized_model_external_initializers_min_size_in_bytes: String(BESIDE_BYTES),
      save_external_prepacked_constant_initializers: '1'
    }
  }
}

/** undefined: there is none, or none that is whole, and it is gone. */
async function loadKept<T> (folder: string, create: (loading: Loading) => Promise<T>): Promise<T | undefined> {
  try {
    // What is no hash is no file's: it needs no check of its own.
    const kept = JSON.parse(await readFile(join(folder, HASHES), 'utf8')) as FileHashes
    const hashes = Object.fromEntries([GRAPH, WEIGHTS].map((name) => [join(folder, name), kept[name] ?? 'none']))
    const graph = join(folder, GRAPH)
    const session = await loadChecked(hashes, () => create({ graph, options: { graphOptimizationLevel: 'disabled' }, config: {} }))
    await utimes(folder, new Date(), new Date()).catch(() => {})
    return session
  } catch {
    await rm(folder, { recursive: true, force: true }).catch(() => {})
    return undefined
  }
}

/** Put the saved graph right and write down what the files are. */
async function complete (partial: string): Promise<void> {
  const graph = withoutRepeats(await readFile(join(partial, GRAPH)))
  if (!packedAreAligned(graph)) throw new Error('ONNX Runtime has saved packed weights where its kernels cannot read them')
  await writeFile(join(partial, GRAPH), graph)
  const hashes = {
    [GRAPH]: createHash('sha256').update(graph).digest('hex'),
    [WEIGHTS]: await sha256Of(createReadStream(join(partial, WEIGHTS)))
  }
  await writeFile(join(partial, HASHES), JSON.stringify(hashes))
}

/** Where another process was first, its copy stays. */
async function moveTo (folder: string, partial: string): Promise<void> {
  try {
    await rename(partial, folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Remove what nobody will load. */
async function tidy (directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('graph-')) continue
    const path = join(directory, name)
    const age = Date.now() - await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity)
    if (age > (name.includes('.') ? ABANDONED_MS : FORGOTTEN_MS)) await rm(path, { recursive: true, force: true })
  }
}

async function checkRoom (directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < bytes) throw new Error(`${directory} has ${mb(bavail * bsize)} MB free, and the graph may take ${mb(bytes)}`)
}

function mb (bytes: number): number {
  return Math.round(bytes / 1e6)
}

/** The graph may have been put elsewhere. */
function keyOf ({ hashes }: GraphFiles, conditions: readonly string[]): string {
  const files = Object.entries(hashes).map(([file, sha256]) => [basename(file), sha256])
  const processor = [process.arch, cpus()[0]?.model]
  return createHash('sha256').update(JSON.stringify([FORMAT, BESIDE_BYTES, files, conditions, processor])).digest('hex').slice(0, 16)
}

/** 0 where one cannot be read, which whoever loads it will say. */
async function bytesOf (files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => stat(file).then(({ size }) => size, () => NaN)))
  return sizes.reduce((sum, size) => sum + size, 0) || 0
}
