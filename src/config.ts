/** Settings: environment variables, checked once, at start. This is the only schema of them and the only reader of `process.env`. */
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { isServiceLink } from './config/service-links.js'

export const EXECUTION_PROVIDERS = ['auto', 'cpu', 'cuda'] as const
export const READY_WHEN = ['any', 'all'] as const
export const PRECISIONS = ['auto', 'float32', 'int8'] as const
export const DEFAULT_MODEL = fileURLToPath(new URL('../models/fewstep-stories', import.meta.url))

/** Bounds what is set in milliseconds, well below the 2^31 - 1 at which Node's timers overflow and fire at once. */
const HOUR_MS = 3_600_000

export const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on; 0.0.0.0 for all interfaces.' }),
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65535, description: 'Port to listen on; 0 for a free one.' }),
  FEWSTEP_MODEL: Type.String({ default: '', description: "Models' folders, as in models/a,models/b; the first serves requests that name none. Empty: the embedded model." }),
  FEWSTEP_EXECUTION_PROVIDER: Type.Enum([...EXECUTION_PROVIDERS], { default: 'auto', description: 'auto, cpu or cuda. auto falls back to the CPU; cuda refuses to start without a GPU.' }),
  FEWSTEP_PRECISION: Type.Enum([...PRECISIONS], { default: 'auto', description: 'auto, float32 or int8, of the products on the CPU. auto is int8 where the model has such a graph: about twice as fast, other roundings.' }),
  FEWSTEP_DEVICES: Type.String({ default: '', pattern: '^(\\d+(,\\d+)*)?$', form: 'numbers with commas between them', description: 'GPUs to use, as in 0,1, each with a worker of its own for each model; empty: all of them.' }),
  FEWSTEP_WORKERS: Type.Integer({ default: 0, minimum: 0, maximum: 64, description: 'Worker processes of each model on the CPU, each with its own session; 0: as a short measurement at the first start finds best.' }),
  FEWSTEP_THREADS: Type.Integer({ default: 0, minimum: 0, maximum: 1024, description: 'Threads of each worker; 0: measured, too. Workers x threads should not exceed the cores.' }),
  FEWSTEP_MAX_QUEUE: Type.Integer({ default: 256, minimum: 1, maximum: 1_000_000, description: 'Canvases of each model admitted at once, waiting and running; beyond that a request gets 429.' }),
  FEWSTEP_MAX_WAIT_MS: Type.Integer({
    default: 10000,
    minimum: 1,
    maximum: HOUR_MS,
    description: 'A request that is not expected to be done within so long gets 429. Where its own steps take most of that it may still wait for half.'
  }),
  FEWSTEP_MAX_BATCH: Type.Integer({ default: 16, minimum: 1, maximum: 1024, description: 'Canvases in one step of one worker.' }),
  FEWSTEP_WARM_UP_MS: Type.Integer({ default: 2000, minimum: 0, maximum: HOUR_MS, description: 'Longest time for measuring at the first start on the CPU what a step of a model costs; 0: not at all. On GPUs every batch shape is run once.' }),
  FEWSTEP_CACHE_DIR: Type.String({ default: '~/.cache/fewstep', description: 'Folder where these measurements are kept between starts; "none": they are not.' }),
  FEWSTEP_STEP_TIMEOUT_MS: Type.Integer({ default: 60000, minimum: 100, maximum: HOUR_MS, description: 'A worker that needs longer for one step is replaced.' }),
  FEWSTEP_DRAIN_TIMEOUT_MS: Type.Integer({ default: 30000, minimum: 0, maximum: HOUR_MS, description: 'How long SIGTERM waits for running generations.' }),
  FEWSTEP_DRAIN_GRACE_MS: Type.Integer({ default: 5000, minimum: 0, maximum: HOUR_MS, description: 'Before that: how long after SIGTERM new requests are still served while /health/ready says no, so that balancers notice. Ctrl-C skips it.' }),
  FEWSTEP_KEEP_ALIVE_TIMEOUT_MS: Type.Integer({ default: 75000, minimum: 1000, maximum: HOUR_MS, description: 'An idle connection is closed after this long: longer than the balancer in front keeps one (60 s is usual, some keep them for 350 or 600 s).' }),
  FEWSTEP_REQUEST_TIMEOUT_MS: Type.Integer({ default: 60000, minimum: 100, maximum: HOUR_MS, description: 'A request that has not arrived whole by then, headers and body, gets 408.' }),
  FEWSTEP_SEND_TIMEOUT_MS: Type.Integer({ default: 60000, minimum: 100, maximum: HOUR_MS, description: 'A client that does not take what it is sent for this long is cut off, and its generation cancelled.' }),
  FEWSTEP_READY: Type.Enum([...READY_WHEN], { default: 'any', description: 'any or all: how many of the models must be ready for /health/ready to say yes.' }),
  FEWSTEP_BODY_LIMIT: Type.Integer({ default: 1048576, minimum: 1024, maximum: 268435456, description: 'Largest request body, in bytes.' }),
  FEWSTEP_SSE_KEEPALIVE_MS: Type.Integer({ default: 15000, minimum: 10, maximum: HOUR_MS, description: 'A comment line keeps an idle event stream open, this often.' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'fatal, error, warn, info, debug, trace or silent.' })
})

interface Annotations {
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
  /** Of a text: what it must look like, in words. */
  readonly form?: string
}

type SettingName = keyof typeof Environment.properties

const SETTING_NAMES = Object.keys(Environment.properties) as SettingName[]
const DECIMAL = /^[+-]?\d+$/

/** What `fewstep generate` uses, which listens nowhere and logs nothing. */
const GENERATE_SETTINGS: readonly SettingName[] = [
  'FEWSTEP_MODEL', 'FEWSTEP_EXECUTION_PROVIDER', 'FEWSTEP_PRECISION', 'FEWSTEP_DEVICES', 'FEWSTEP_WORKERS', 'FEWSTEP_THREADS',
  'FEWSTEP_MAX_QUEUE', 'FEWSTEP_MAX_BATCH', 'FEWSTEP_CACHE_DIR', 'FEWSTEP_STEP_TIMEOUT_MS'
]

export interface Config {
  readonly host: string
  readonly port: number
  /** At least one; the first is the default model's. */
  readonly modelDirectories: readonly string[]
  readonly executionProvider: (typeof EXECUTION_PROVIDERS)[number]
  readonly precision: (typeof PRECISIONS)[number]
  /** Ids of GPUs; undefined: all that there are. */
  readonly devices: readonly number[] | undefined
  /** 0: as measured. */
  readonly workers: number
  /** Intra-op threads of each worker; 0: as measured. */
  readonly threads: number
  readonly maxQueue: number
  readonly maxWaitMs: number
  readonly maxBatch: number
  readonly warmUpMs: number
  /** Where measurements are kept between starts; undefined: nowhere. */
  readonly cacheDirectory: string | undefined
  readonly stepTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly drainGraceMs: number
  readonly keepAliveTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly sendTimeoutMs: number
  readonly readyWhen: (typeof READY_WHEN)[number]
  readonly bodyLimit: number
  readonly sseKeepaliveMs: number
  readonly logLevel: string
}

/**
 * Spaces around a value mean nothing, and a variable that is set to nothing counts as not set.
 * @param names the settings that are read; the others take their defaults, whatever they are set to
 * @throws Error naming every variable that is ill-typed or out of range, or that starts with FEWSTEP_ and is neither known nor a
 * service link
 */
export function readConfig (env: NodeJS.ProcessEnv = process.env, names: readonly SettingName[] = SETTING_NAMES): Config {
  const unknown = Object.keys(env).filter((name) =>
    name.startsWith('FEWSTEP_') && !(name in Environment.properties) && !isServiceLink(name, env[name]))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such setting; .env.example lists them all`)
  const texts = names.map((name) => [name, env[name]?.trim() ?? ''] as const).filter(([, text]) => text !== '')
  const values = parse(Object.fromEntries(texts))
  return {
    host: values.HOST,
    port: values.PORT,
    modelDirectories: modelDirectoriesOf(values.FEWSTEP_MODEL),
    executionProvider: values.FEWSTEP_EXECUTION_PROVIDER,
    precision: values.FEWSTEP_PRECISION,
    devices: values.FEWSTEP_DEVICES === '' ? undefined : values.FEWSTEP_DEVICES.split(',').map(Number),
    workers: values.FEWSTEP_WORKERS,
    threads: values.FEWSTEP_THREADS,
    maxQueue: values.FEWSTEP_MAX_QUEUE,
    maxWaitMs: values.FEWSTEP_MAX_WAIT_MS,
    maxBatch: values.FEWSTEP_MAX_BATCH,
    warmUpMs: values.FEWSTEP_WARM_UP_MS,
    cacheDirectory: cacheDirectoryOf(values.FEWSTEP_CACHE_DIR),
    stepTimeoutMs: values.FEWSTEP_STEP_TIMEOUT_MS,
    drainTimeoutMs: values.FEWSTEP_DRAIN_TIMEOUT_MS,
    drainGraceMs: values.FEWSTEP_DRAIN_GRACE_MS,
    keepAliveTimeoutMs: values.FEWSTEP_KEEP_ALIVE_TIMEOUT_MS,
    requestTimeoutMs: values.FEWSTEP_REQUEST_TIMEOUT_MS,
    sendTimeoutMs: values.FEWSTEP_SEND_TIMEOUT_MS,
    readyWhen: values.FEWSTEP_READY,
    bodyLimit: values.FEWSTEP_BODY_LIMIT,
    sseKeepaliveMs: values.FEWSTEP_SSE_KEEPALIVE_MS,
    logLevel: values.LOG_LEVEL
  }
}

/**
 * The settings that `fewstep generate` uses; the others have their defaults, and what is wrong in them does not stop it.
 * @throws Error like `readConfig`
 */
export function readGenerateConfig (env: NodeJS.ProcessEnv = process.env): Config {
  return readConfig(env, GENERATE_SETTINGS)
}

function modelDirectoriesOf (setting: string): string[] {
  if (setting === '') return [DEFAULT_MODEL]
  const directories = setting.split(',').map((directory) => directory.trim())
  if (directories.includes('')) throw new Error(`FEWSTEP_MODEL names no folder before or after one of its commas: ${setting}`)
  return directories
}

function cacheDirectoryOf (setting: string): string | undefined {
  return setting === 'none' ? undefined : setting.replace(/^~(?=$|\/)/, () => homedir())
}

/** @param texts of the variables that are set */
function parse (texts: Readonly<Record<string, string>>): Static<typeof Environment> {
  const values = Value.Default(Environment, Object.fromEntries(Object.entries(texts).map(([name, text]) =>
    [name, Type.IsInteger(Environment.properties[name as SettingName]) && DECIMAL.test(text) ? Number(text) : text])))
  if (Value.Check(Environment, values)) return values
  const wrong = new Set([...Value.Errors(Environment, values)].map(({ instancePath }) => instancePath.slice(1) as SettingName))
  throw new Error([...wrong].map((name) => `${name} must be ${wanted(name)}, not ${JSON.stringify(texts[name])}`).join('; '))
}

/** What a setting may be, in words. */
function wanted (name: SettingName): string {
  // The static types of the schema leave out its annotations.
  const { minimum, maximum, enum: choices, form } = Environment.properties[name] as Annotations
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  return form ?? `an integer from ${minimum} to ${maximum}`
}
