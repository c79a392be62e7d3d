/** `fewstep cuda install`: ONNX Runtime's CUDA provider and NVIDIA's libraries, beside onnxruntime-node's own. */
import { access, constants, mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createReadStream } from 'node:fs'
import { sha256Of } from '../../model/sha256.js'
import { download, sizeOf } from './download.js'
import { addressOf } from './package-index.js'
import type { Wheel } from './wheels.js'
import { entriesOf, extract } from './zip.js'

/** The provider's package is for one Python, and its libraries for all. */
const PIP_DOWNLOAD = 'pip download --no-deps --only-binary :all: --python-version 3.11'

export interface InstallOptions {
  readonly wheels: readonly Wheel[]
  /** Where the libraries go. */
  readonly folder: string
  /** Where packages are kept until their libraries are out. */
  readonly downloads: string
  /** Of a package index's simple API. */
  readonly index: string | undefined
  /** A folder that has the packages already: nothing is fetched. */
  readonly from: string | undefined
  /** A line for a person, to be written over by the next one where it is not final. */
  readonly say: (line: string, final: boolean) => void
  readonly signal: AbortSignal
}

export interface MissingLibrary {
  readonly library: string
  readonly wheel: Wheel
}

/** Libraries of the packages that are not in the folder. */
export async function missingLibraries (wheels: readonly Wheel[], folder: string): Promise<MissingLibrary[]> {
  const missing: MissingLibrary[] = []
  for (const wheel of wheels) {
    for (const library of wheel.libraries) if (await sizeOf(join(folder, library)) === 0) missing.push({ library, wheel })
  }
  return missing
}

/**
 * Package after package; what is there already is left alone, and a package that was broken off is gone on with.
 * @throws Error saying what could not be fetched or written; what was done until then stays
 */
export async function install (options: InstallOptions): Promise<void> {
  const { wheels, folder, downloads, say } = options
  const wanted = [...new Set((await missingLibraries(wheels, folder)).map(({ wheel }) => wheel))]
  if (wanted.length === 0) return
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new Error(`${folder} cannot be written to: run this as the user who installed fewstep`, { cause })
  })
  await mkdir(downloads, { recursive: true })
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0)
  say(`${wanted.length} ${wanted.length === 1 ? 'package' : 'packages'}, ${megabytes(total)}, for ${folder}`, true)
  for (const [i, wheel] of wanted.entries()) {
    const label = `${i + 1}/${wanted.length} ${wheel.project} ${wheel.version}`
    const file = await packageOf(wheel, label, options)
    await unpack(wheel, file, folder)
    if (options.from === undefined) await rm(file)
    say(`${label}: ${wheel.libraries.join(', ')}`, true)
  }
}

/** The package's file, its hash checked. */
async function packageOf (wheel: Wheel, label: string, { wheels, downloads, from, index, say, signal }: InstallOptions): Promise<string> {
  const { file, bytes, sha256, project, version } = wheel
  if (from !== undefined) {
    const here = join(from, file)
    if (await sizeOf(here) === 0) throw new Error(`${here}: there is no such file; ${PIP_DOWNLOAD} ${project}==${version} fetches it`)
    const found = await sha256Of(createReadStream(here), signal)
    if (found !== sha256) throw new Error(`${here}: its sha256 is ${found}, not ${sha256}`)
    return here
  }
  const target = join(downloads, file)
  if (await sizeOf(target) === bytes) return target
  if (index === undefined) throw new Error(`set PIP_INDEX_URL to the package index to fetch from, or let pip do it: ${pipCommand(wheels)}`)
  const url = await addressOf(wheel, index, signal)
  let last = -1
  await download(url, target, wheel, (here) => {
    const percent = Math.floor(100 * here / bytes)
    if (percent !== last) say(`${label}: ${percent} % of ${megabytes(bytes)}`, false)
    last = percent
  }, signal)
  return target
}

function pipCommand (wheels: readonly Wheel[]): string {
  const packages = wheels.map(({ project, version }) => `${project}==${version}`).join(' ')
  return `${PIP_DOWNLOAD} -d wheels ${packages} && fewstep cuda install --from wheels`
}

/** Each library appears whole, under its name, or not at all. */
async function unpack (wheel: Wheel, file: string, folder: string): Promise<void> {
  const entries = await entriesOf(file)
  for (const library of wheel.libraries) {
    const entry = entries.find(({ name }) => basename(name) === library)
    if (entry === undefined) throw new Error(`${file}: it has no ${library}`)
    const partial = join(folder, `.${library}.partial`)
    await extract(file, entry, partial).catch(async (error: unknown) => {
      await rm(partial, { force: true })
      throw error
    })
    await rename(partial, join(folder, library))
  }
}

export function megabytes (bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
