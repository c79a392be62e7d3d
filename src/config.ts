/** Settings: environment variables, checked once, at start. This is the only reader of `process.env`. */
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Static } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import {
  DEFAULT_CACHE_DIR, Environment, LOG_LEVELS, type EXECUTION_PROVIDERS, type METRICS_ACCESS, type METRICS_ALIASES, type PRECISIONS,
  type READY_WHEN
} from './config/environment.js'
import { addressRanges, listOf, origins } from './config/lists.js'
import { isServiceLink } from './config/service-links.js'

export { Environment, LOG_LEVELS }

export const DEFAULT_MODEL = fileURLToPath(new URL('../models/fewstep-stories', import.meta.url))

/** The static types of the schema leave them out. */
interface Annotations {
  readonly type?: string
  readonly default: string | number
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
  'FEWSTEP_MAX_QUEUE', 'FEWSTEP_MAX_TOKENS', 'FEWSTEP_MAX_BATCH', 'FEWSTEP_CACHE_DIR', 'FEWSTEP_STEP_TIMEOUT_MS'
]

/** Whose values are told to nobody. */
const SECRETS: ReadonlySet<SettingName> = new Set(['FEWSTEP_API_KEYS', 'FEWSTEP_ADMIN_KEYS'] as const)

/** What those who ask a server are told by, and no server reads. */
const CLIENT_SETTINGS = new Set(['FEWSTEP_API_KEY'])

export interface Config {
  readonly host: string
  readonly port: number
  /** Whose word on a client's address is taken: addresses, ranges, loopback, unix. */
  readonly trustProxy: readonly string[]
  /** Origins of web pages that may call; `*`: all. */
  readonly corsOrigins: readonly string[]
  readonly apiKeysFile: string | undefined
  /** As they are set: secrets, which no message quotes. */
  readonly apiKeys: readonly string[]
  /** The same, of those who may load and unload models. */
  readonly adminKeys: readonly string[]
  readonly metricsAccess: (typeof METRICS_ACCESS)[number]
  readonly metricsAliases: (typeof METRICS_ALIASES)[number]
  /** A key's, or without keys an address's, unless the key has its own; 0: none. */
  readonly requestsPerMinute: number
  readonly positionsPerMinute: number
  readonly canvasesAtOnce: number
  readonly failedKeysPerMinute: number
  /** At least one; the first is the default model's. PARENT/* stands for all in a folder. */
  readonly modelDirectories: readonly string[]
  /** Where an admin may have models loaded from; none: the parents of those. */
  readonly modelRoots: readonly string[]
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
  /** Of an output that is made in blocks. */
  readonly maxTokens: number
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
  /** In bytes, as the two after it. */
  readonly bodyLimit: number
  readonly headerLimit: number
  readonly urlLimit: number
  readonly sseKeepaliveMs: number
  /** Whether spans are made and sent. */
  readonly traces: boolean
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
    name.startsWith('FEWSTEP_') && !(name in Environment.properties) && !isServiceLink(name, env[name]) &&
    // Not for a server: whoever sets it there means FEWSTEP_API_KEYS, and would be open to all.
    !(names === GENERATE_SETTINGS && CLIENT_SETTINGS.has(name)))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such setting; .env.example lists them all`)
  const texts = names.map((name) => [name, env[name]?.trim() ?? ''] as const).filter(([, text]) => text !== '')
  const values = parse(Object.fromEntries(texts))
  return {
    host: values.HOST,
    port: values.PORT,
    trustProxy: addressRanges('FEWSTEP_TRUST_PROXY', values.FEWSTEP_TRUST_PROXY),
    corsOrigins: origins('FEWSTEP_CORS_ORIGINS', values.FEWSTEP_CORS_ORIGINS),
    apiKeysFile: values.FEWSTEP_API_KEYS_FILE || undefined,
    apiKeys: listOf(values.FEWSTEP_API_KEYS),
    adminKeys: listOf(values.FEWSTEP_ADMIN_KEYS),
    metricsAccess: values.FEWSTEP_METRICS_ACCESS,
    metricsAliases: values.FEWSTEP_METRICS_ALIASES,
    requestsPerMinute: values.FEWSTEP_REQUESTS_PER_MINUTE,
    positionsPerMinute: values.FEWSTEP_POSITIONS_PER_MINUTE,
    canvasesAtOnce: values.FEWSTEP_CANVASES_AT_ONCE,
    failedKeysPerMinute: values.FEWSTEP_FAILED_KEYS_PER_MINUTE,
    modelDirectories: modelDirectoriesOf(values.FEWSTEP_MODEL),
    modelRoots: listOf(values.FEWSTEP_MODELS_ROOT),
    executionProvider: values.FEWSTEP_EXECUTION_PROVIDER,
    precision: values.FEWSTEP_PRECISION,
    devices: values.FEWSTEP_DEVICES === '' ? undefined : values.FEWSTEP_DEVICES.split(',').map(Number),
    workers: values.FEWSTEP_WORKERS,
    threads: values.FEWSTEP_THREADS,
    maxQueue: values.FEWSTEP_MAX_QUEUE,
    maxWaitMs: values.FEWSTEP_MAX_WAIT_MS,
    maxTokens: values.FEWSTEP_MAX_TOKENS,
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
    headerLimit: values.FEWSTEP_HEADER_LIMIT,
    urlLimit: values.FEWSTEP_URL_LIMIT,
    sseKeepaliveMs: values.FEWSTEP_SSE_KEEPALIVE_MS,
    traces: values.OTEL_EXPORTER_OTLP_ENDPOINT !== '',
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

export interface ClientSettings {
  /** A server's. */
  readonly apiKey: string | undefined
  /** Colours are wanted whether or not there is a terminal; see force-color.org. */
  readonly forceColor: boolean
  /** Where the dynamic linker looks first, LD_LIBRARY_PATH. */
  readonly libraryPath: readonly string[]
  /** Where what is fetched or measured is kept, as the service's setting has it; undefined: nowhere. */
  readonly cacheDirectory: string | undefined
  /** Where Python packages are, as pip's own setting PIP_INDEX_URL has it. */
  readonly packageIndex: string | undefined
}

/** What the commands read besides the settings of the service. */
export function readClientSettings (env: NodeJS.ProcessEnv = process.env): ClientSettings {
  const { FEWSTEP_API_KEY: apiKey, FEWSTEP_CACHE_DIR: cache, FORCE_COLOR: force, LD_LIBRARY_PATH: libraries = '', PIP_INDEX_URL: index } = env
  return {
    apiKey: apiKey?.trim() || undefined,
    forceColor: force !== undefined && force !== '0' && force !== 'false',
    libraryPath: libraries.split(':').filter((folder) => folder !== ''),
    cacheDirectory: cacheDirectoryOf(cache?.trim() || DEFAULT_CACHE_DIR),
    packageIndex: index?.trim() || undefined
  }
}

/**
 * The settings that differ from their defaults, by name; what is secret in them is not told.
 * @throws never: a value is shown as it is, right or wrong
 */
export function changedSettings (env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(SETTING_NAMES.flatMap((name) => {
    const text = env[name]?.trim() ?? ''
    if (text === '' || text === String(annotationsOf(name).default)) return []
    return [[name, SECRETS.has(name) ? '(set, not shown)' : text]]
  }))
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
  const values = Object.fromEntries(SETTING_NAMES.map((name) => {
    const { type, default: usual } = annotationsOf(name)
    const text = texts[name]
    return [name, text === undefined ? usual : type === 'integer' && DECIMAL.test(text) ? Number(text) : text]
  }))
  if (Check(Environment, values)) return values
  const [, errors] = Errors(Environment, values)
  const wrong = new Set(errors.map(({ instancePath }) => instancePath.slice(1) as SettingName))
  throw new Error([...wrong].map((name) => `${name} must be ${wanted(name)}, not ${JSON.stringify(texts[name])}`).join('; '))
}

/** What a setting may be, in words. */
function wanted (name: SettingName): string {
  const { minimum, maximum, enum: choices, form } = annotationsOf(name)
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  return form ?? `an integer from ${minimum} to ${maximum}`
}

function annotationsOf (name: SettingName): Annotations {
  return Environment.properties[name] as unknown as Annotations
}
