/** `fewstep cuda install`, and what it says. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readClientSettings } from '../../config.js'
import { runtimeFolder } from '../../engine/cuda-libraries.js'
import type { Arguments } from '../arguments.js'
import { onnxRuntimeFacts } from '../doctor/libraries.js'
import { print } from '../print.js'
import { UsageError } from '../usage-error.js'
import { install, megabytes, missingLibraries } from './install.js'
import { CUDA_VERSION, RUNTIME_VERSION, WHEELS } from './wheels.js'

/** @returns the exit code: 1 where --check found something missing */
export async function runCuda (given: Arguments, signal: AbortSignal): Promise<number> {
  const [verb, second] = given.operands
  if (verb !== 'install' || second !== undefined) throw new UsageError("CUDA's libraries are fetched with: fewstep cuda install")
  const folder = installable()
  const missing = await missingLibraries(WHEELS, folder)
  if (given.flag('check')) {
    for (const { library, wheel } of missing) print(`missing: ${library}, of ${wheel.project} ${wheel.version} (${megabytes(wheel.bytes)})\n`)
    if (missing.length === 0) print(`all of CUDA ${CUDA_VERSION} that ONNX Runtime ${RUNTIME_VERSION} needs is in ${folder}\n`)
    return missing.length === 0 ? 0 : 1
  }
  const terminal = process.stderr.isTTY
  const { packageIndex: index, cacheDirectory } = readClientSettings()
  await install({
    wheels: WHEELS,
    folder,
    downloads: downloadsIn(cacheDirectory),
    index,
    from: given.text('from'),
    say: (line, final) => { if (final || terminal) process.stderr.write(`${terminal ? '\r\x1b[K' : ''}${line}${final ? '\n' : ''}`) },
    signal
  })
  print(`all of CUDA ${CUDA_VERSION} that ONNX Runtime ${RUNTIME_VERSION} needs is in ${folder}; the driver, 580 or newer, is the system's\n`)
  return 0
}

/** Where nothing is kept, what was broken off is gone on with as long as the system keeps its temporary files. */
export function downloadsIn (cacheDirectory: string | undefined): string {
  return cacheDirectory === undefined ? join(tmpdir(), 'fewstep-cuda') : join(cacheDirectory, 'cuda')
}

/** @throws Error where there is no provider for this system or this onnxruntime-node */
function installable (): string {
  const { version } = onnxRuntimeFacts()
  const folder = runtimeFolder()
  if (folder === undefined || version === null) throw new Error('onnxruntime-node is not installed: run npm install first')
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`the CUDA provider is for linux x64, not ${process.platform} ${process.arch}`)
  if (version !== RUNTIME_VERSION) throw new Error(`onnxruntime-node is ${version}, and the provider that is known here is for ${RUNTIME_VERSION}: they must be the same`)
  return folder
}
