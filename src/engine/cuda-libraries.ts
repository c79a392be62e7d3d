/** The libraries of ONNX Runtime's CUDA provider: which they are, what is missing, and how those beside it are found. */
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { exactProducts } from './exact-products.js'

/** Looked up by name, so in this order each finds those that it is linked with. */
const PRELOADED = ['libcudart', 'libnvrtc', 'libcublasLt', 'libcublas', 'libcurand', 'libcufft', 'libcudnn']

/** What the provider is made of; the first is loaded before the second. */
export const PROVIDERS = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const

/** Of dlopen on Linux: what was loaded stays, though Node closes what is no module of its own. */
const RTLD_NODELETE = 0x1000

const PRODUCTS: Readonly<Record<string, string>> = {
  libcudart: 'the CUDA runtime', libcublas: 'cuBLAS', libcublasLt: 'cuBLAS', libcurand: 'cuRAND', libcufft: 'cuFFT', libcudnn: 'cuDNN', libnvrtc: 'NVRTC'
}

/** The folder of onnxruntime-node's libraries on this system, where its providers must lie; undefined: it is not installed. */
export function runtimeFolder (): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url)
    return join(dirname(resolve('onnxruntime-node/package.json')), 'bin', 'napi-v6', process.platform, process.arch)
  } catch {
    return undefined
  }
}

/**
 * Load CUDA's libraries that lie beside the provider, as `fewstep cuda install` puts them there: what is loaded already is not searched
 * for on the linker's path when the provider asks for it by name. Those are told beforehand to be exact.
 */
export function preloadCuda (folder: string | undefined = runtimeFolder()): void {
  exactProducts()
  const files = folder === undefined || process.platform !== 'linux' ? [] : filesIn(folder)
  for (const stem of PRELOADED) {
    for (const file of files.filter((name) => name.startsWith(`${stem}.so.`))) {
      try {
        process.dlopen({ exports: {} }, join(folder ?? '', file), constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE)
      } catch {
        // It always throws: none of them is a module of Node's. What could not be loaded the provider will name.
      }
    }
  }
}

/** What keeps the provider from being loaded, in the linker's words, which ONNX Runtime tells standard error alone; undefined: nothing. */
export function loadProblem (folder: string | undefined = runtimeFolder()): string | undefined {
  for (const provider of PROVIDERS) {
    if (folder === undefined || !filesIn(folder).includes(provider)) return `${provider}: cannot open shared object file`
    try {
      process.dlopen({ exports: {} }, join(folder, provider), constants.dlopen.RTLD_LAZY | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE)
    } catch (error) {
      const { message } = error as Error
      if (!message.includes('did not self-register')) return message
    }
  }
  return undefined
}

/** Of which product a library is, and of which CUDA; undefined: it is none of NVIDIA's. */
export function productOf (library: string): string | undefined {
  const [, stem = '', version = ''] = /^(lib[A-Za-z]+)(?:_\w+)?\.so\.(\d+)/.exec(library) ?? []
  const product = PRODUCTS[stem]
  if (product === undefined) return undefined
  if (stem === 'libcudnn') return `${product} ${version}`
  if (stem === 'libcurand') return `${product} of CUDA 12 or 13`
  return `${product} of CUDA ${stem === 'libcufft' ? Number(version) + 1 : version}`
}

/** What to do where ONNX Runtime cannot make a session on CUDA, from what it says: one clause, with the file that is missing. */
export function cudaAdvice (message: string): string {
  const [, missing] = /(lib[\w.-]+\.so[\w.]*): cannot open shared object file/.exec(message) ?? []
  if (missing === 'libcuda.so.1') {
    return 'the NVIDIA driver is missing: libcuda.so.1 comes with it, 525 or newer for CUDA 12, 580 or newer for CUDA 13; all else that was looked for is here'
  }
  if (missing?.startsWith('libonnxruntime_providers') === true || /providers_shared|CUDA execution provider is not (?:enabled|supported)/.test(message)) {
    return `onnxruntime-node's CUDA provider is missing (${missing ?? 'libonnxruntime_providers_cuda.so'}): fewstep cuda install fetches it, with what it needs of CUDA`
  }
  if (missing !== undefined) {
    return `${missing}${productOf(missing) === undefined ? '' : ` (${productOf(missing)})`} is missing: fewstep cuda install fetches it, or put its folder on LD_LIBRARY_PATH`
  }
  if (/driver version is insufficient/i.test(message)) return 'the NVIDIA driver is older than its CUDA libraries: CUDA 12 needs 525 or newer, CUDA 13 needs 580 or newer'
  if (/no CUDA-capable device|invalid device ordinal/i.test(message)) return 'CUDA sees no such GPU: nvidia-smi lists those that there are, FEWSTEP_DEVICES names those to use'
  return 'it needs an NVIDIA GPU with its driver; fewstep doctor lists what is here'
}

/** Names, in order; none where there is no such folder. */
export function filesIn (folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
