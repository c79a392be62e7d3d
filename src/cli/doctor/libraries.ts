/** ONNX Runtime's files, and those of CUDA that its CUDA provider needs. */
import { execFile } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { filesIn, productOf, PROVIDERS, runtimeFolder } from '../../engine/cuda-libraries.js'
import { neededBy } from '../cuda/elf.js'
import type { Cuda, Library, OnnxRuntime } from './facts.js'

/** What the CUDA provider that `fewstep cuda install` fetches for onnxruntime-node 1.30 needs, where there is none yet that says so. */
const NEEDED = ['libcuda.so.1', 'libcudart.so.13', 'libcublas.so.13', 'libcublasLt.so.13', 'libcurand.so.10']
/** Loaded by name when an operator needs it. */
const LOADED = ['libcudnn.so.9']

export function onnxRuntimeFacts (): OnnxRuntime {
  try {
    const file = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
    const folder = runtimeFolder() ?? null
    return { version, folder, files: folder === null ? [] : filesIn(folder).filter((name) => /onnxruntime/.test(name)) }
  } catch {
    return { version: null, folder: null, files: [] }
  }
}

/** @param libraryPath folders that the linker looks into first */
export async function cudaFacts ({ folder, files }: OnnxRuntime, libraryPath: readonly string[]): Promise<Cuda> {
  const cached = await linkerCache()
  const linked = folder === null ? [] : (await neededBy(join(folder, 'libonnxruntime_providers_cuda.so'))).filter((name) => nameOf(name) !== undefined)
  const libraries = [...linked.length === 0 ? NEEDED : linked, ...LOADED].map((name): Library =>
    ({ name, for: nameOf(name) ?? '', file: resolved(find(name, [...libraryPath, ...folder === null ? [] : [folder]], cached)) }))
  const providers = PROVIDERS.map((name): Library => ({
    name, for: "onnxruntime-node's CUDA provider", file: files.includes(name) && folder !== null ? join(folder, name) : null
  }))
  return { driver: driverVersion(), devices: filesIn('/dev').filter((name) => /^nvidia\d+$/.test(name)), libraries: [...libraries, ...providers] }
}

function nameOf (library: string): string | undefined {
  return library === 'libcuda.so.1' ? 'the driver' : productOf(library)
}

function driverVersion (): string | null {
  try {
    return /Kernel Module(?: for \S+)?\s+(\d[\d.]*)/.exec(readFileSync('/proc/driver/nvidia/version', 'utf8'))?.[1] ?? 'of an unknown version'
  } catch {
    return null
  }
}

function find (name: string, folders: readonly string[], cached: ReadonlyMap<string, string>): string | undefined {
  const folder = folders.find((each) => filesIn(each).includes(name))
  return folder === undefined ? cached.get(name) : join(folder, name)
}

/** libcudnn.so.9 is a link to libcudnn.so.9.28.0. */
function resolved (file: string | undefined): string | null {
  if (file === undefined) return null
  try {
    return realpathSync(file)
  } catch {
    return null
  }
}

/** What `ldconfig -p` lists; nothing where there is no such program. */
async function linkerCache (): Promise<Map<string, string>> {
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    const text = await promisify(execFile)(program, ['-p']).then(({ stdout }) => stdout, () => undefined)
    if (text !== undefined) return cacheOf(text)
  }
  return new Map()
}

/** Of several files of a name the first one counts. */
export function cacheOf (text: string): Map<string, string> {
  const lines = [...text.matchAll(/^\s+(\S+) \(.*\) => (.+)$/gm)].map(([, name = '', file = '']) => [name, file] as const)
  return new Map(lines.reverse())
}
