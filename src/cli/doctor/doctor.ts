/** `fewstep doctor`: what is here, and whether the service would start. */
import { changedSettings, readClientSettings, readConfig, type Config } from '../../config.js'
import { expandFolders } from '../../model/model-folders.js'
import { NODE_VERSIONS, VERSION } from '../../version.js'
import { print } from '../print.js'
import { printableJson } from '../printable.js'
import { listening } from './address.js'
import type { Doctor, Library, ModelFacts } from './facts.js'
import { cudaFacts, onnxRuntimeFacts } from './libraries.js'
import { cpuFacts, memoryFacts } from './machine.js'
import { modelFacts } from './models.js'
import { reportOf } from './report.js'

const DRIVER = 'libcuda.so.1'

/** @returns the exit code: 1 where the service would not start */
export async function doctor (json: boolean): Promise<number> {
  const facts = await examine()
  print(json ? `${printableJson(facts)}\n` : reportOf(facts))
  return facts.problems.length === 0 ? 0 : 1
}

async function examine (): Promise<Doctor> {
  const { config, problem } = settings()
  const supported = isAtLeast(process.versions.node, NODE_VERSIONS.replace(/^>=/, ''))
  const onnxruntime = onnxRuntimeFacts()
  const cuda = await cudaFacts(onnxruntime, readClientSettings().libraryPath)
  const models: ModelFacts[] = []
  for (const folder of await expandFolders(config.modelDirectories)) models.push(await modelFacts(folder, config, onnxruntime.version))
  const { problem: taken, ...address } = await listening(config.host, config.port)
  return {
    fewstep: VERSION,
    node: { version: process.versions.node, platform: `${process.platform} ${process.arch}`, supported },
    cpu: cpuFacts(),
    memory: memoryFacts(),
    onnxruntime,
    cuda,
    models,
    address,
    settings: changedSettings(),
    problems: [
      ...(problem === undefined ? [] : [problem]),
      ...(supported ? [] : [`Node ${process.versions.node} is too old: fewstep needs ${NODE_VERSIONS}`]),
      ...(onnxruntime.version === null || onnxruntime.files.length === 0
        ? [`onnxruntime-node has no files for ${process.platform} ${process.arch}: run npm install`]
        : []),
      ...modelProblems(models),
      ...cudaProblems(config, cuda.libraries),
      ...(taken === undefined ? [] : [taken])
    ]
  }
}

/** Where the settings are wrong the rest is looked at with the defaults. */
function settings (): { readonly config: Config, readonly problem?: string } {
  try {
    return { config: readConfig() }
  } catch (error) {
    return { config: readConfig({}), problem: (error as Error).message }
  }
}

/** The service starts where any of its models does. */
function modelProblems (models: readonly ModelFacts[]): string[] {
  const problems = models.flatMap(({ problem }) => problem ?? [])
  return problems.length === models.length ? problems : []
}

function cudaProblems ({ executionProvider }: Config, libraries: readonly Library[]): string[] {
  if (executionProvider !== 'cuda') return []
  const missing = libraries.filter(({ file }) => file === null)
  if (missing.length === 0) return []
  const names = missing.map(({ name, for: what }) => `${name} (${what})`)
  const advice = missing.every(({ name }) => name === DRIVER) ? 'it comes with the driver' : 'fewstep cuda install fetches all but the driver'
  return [`FEWSTEP_EXECUTION_PROVIDER is cuda, and ${names.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing: ${advice}`]
}

function isAtLeast (version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) => text.split('.').map(Number))
  const at = [0, 1, 2].find((i) => (a?.[i] ?? 0) !== (b?.[i] ?? 0))
  return at === undefined || (a?.[at] ?? 0) > (b?.[at] ?? 0)
}
