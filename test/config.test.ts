import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseEnv } from 'node:util'
import t from 'tap'
import { envExample } from '../scripts/env-example.js'
import { changedSettings, DEFAULT_MODEL, Environment, readConfig, readGenerateConfig, readClientSettings } from '../src/config.js'

const EXAMPLE = new URL('../.env.example', import.meta.url)

t.test('with nothing set there is a default for everything', async (t) => {
  t.same(readConfig({}), {
    host: '127.0.0.1',
    port: 8080,
    trustProxy: [],
    corsOrigins: [],
    apiKeysFile: undefined,
    apiKeys: [],
    adminKeys: [],
    metricsAccess: 'open',
    metricsAliases: 'none',
    requestsPerMinute: 0,
    positionsPerMinute: 0,
    canvasesAtOnce: 0,
    failedKeysPerMinute: 30,
    modelDirectories: [DEFAULT_MODEL],
    modelRoots: [],
    executionProvider: 'auto',
    precision: 'auto',
    devices: undefined,
    workers: 0,
    threads: 0,
    maxQueue: 256,
    maxWaitMs: 10_000,
    maxTokens: 8192,
    maxBatch: 16,
    warmUpMs: 2000,
    cacheDirectory: join(homedir(), '.cache/fewstep'),
    stepTimeoutMs: 60000,
    drainTimeoutMs: 30000,
    drainGraceMs: 5000,
    keepAliveTimeoutMs: 75000,
    requestTimeoutMs: 60000,
    sendTimeoutMs: 60000,
    readyWhen: 'any',
    bodyLimit: 1048576,
    headerLimit: 16384,
    urlLimit: 8192,
    sseKeepaliveMs: 15000,
    traces: false,
    logLevel: 'info'
  })
})

t.test('a variable that is set to nothing counts as not set', async (t) => {
  t.same(readConfig({ PORT: '', FEWSTEP_MODEL: '', LOG_LEVEL: '' }), readConfig({}))
})

t.test('spaces and line breaks around a value mean nothing, and nothing but spaces is nothing', async (t) => {
  t.same(readConfig({ PORT: ' ', HOST: ' ', FEWSTEP_CACHE_DIR: '\t', LOG_LEVEL: ' ', FEWSTEP_WORKERS: '\n' }), readConfig({}))
  t.match(readConfig({ PORT: '8081\r', HOST: ' ::1 ', LOG_LEVEL: 'warn\n', FEWSTEP_CACHE_DIR: 'none ' }),
    { port: 8081, host: '::1', logLevel: 'warn', cacheDirectory: undefined })
})

t.test('what is set is read, with its type', async (t) => {
  const config = readConfig({
    HOST: '0.0.0.0',
    PORT: '0',
    FEWSTEP_MODEL: '/models/mine',
    FEWSTEP_EXECUTION_PROVIDER: 'cpu',
    FEWSTEP_MAX_QUEUE: '3',
    LOG_LEVEL: 'silent'
  })
  t.match(config, {
    host: '0.0.0.0', port: 0, modelDirectories: ['/models/mine'], executionProvider: 'cpu', maxQueue: 3, logLevel: 'silent'
  })
})

t.test('models are a list of folders, and no place in it may be empty', async (t) => {
  t.same(readConfig({ FEWSTEP_MODEL: ' /models/a , models/b' }).modelDirectories, ['/models/a', 'models/b'])
  t.same(readConfig({ FEWSTEP_MODEL: '  ' }).modelDirectories, [DEFAULT_MODEL])
  for (const setting of ['a,', ',a', 'a, ,b', ',']) {
    t.throws(() => readConfig({ FEWSTEP_MODEL: setting }), { message: /^FEWSTEP_MODEL / }, setting)
  }
})

t.test('devices are a list of numbers, and measurements can be kept elsewhere or nowhere', async (t) => {
  t.same(readConfig({ FEWSTEP_DEVICES: '0,2' }).devices, [0, 2])
  t.equal(readConfig({ FEWSTEP_CACHE_DIR: 'none' }).cacheDirectory, undefined)
  t.equal(readConfig({ FEWSTEP_CACHE_DIR: '/var/cache/~x' }).cacheDirectory, '/var/cache/~x')
})

t.test('a wrong value is refused by an error that names the variable', async (t) => {
  const cases = [
    ['PORT', 'eighty'], ['PORT', '65536'], ['PORT', '-1'], ['PORT', '80.5'], ['PORT', '0x50'], ['PORT', '8e3'], ['PORT', 'true'],
    ['FEWSTEP_EXECUTION_PROVIDER', 'gpu'],
    ['FEWSTEP_DEVICES', 'all'], ['FEWSTEP_DEVICES', '0,'],
    ['FEWSTEP_WORKERS', '-1'], ['FEWSTEP_WORKERS', '65'],
    ['FEWSTEP_THREADS', '-1'],
    ['FEWSTEP_MAX_QUEUE', '0'], ['FEWSTEP_MAX_QUEUE', '1000001'],
    ['FEWSTEP_MAX_BATCH', '1025'],
    ['FEWSTEP_WARM_UP_MS', '3600001'],
    ['FEWSTEP_STEP_TIMEOUT_MS', '99'], ['FEWSTEP_STEP_TIMEOUT_MS', '3000000000'],
    ['FEWSTEP_DRAIN_TIMEOUT_MS', 'soon'], ['FEWSTEP_DRAIN_TIMEOUT_MS', '3000000000'],
    ['FEWSTEP_BODY_LIMIT', '1mb'], ['FEWSTEP_BODY_LIMIT', '1073741824'],
    ['FEWSTEP_SSE_KEEPALIVE_MS', '9'], ['FEWSTEP_SSE_KEEPALIVE_MS', '3000000000'],
    ['LOG_LEVEL', 'loud']
  ] as const
  for (const [name, value] of cases) t.throws(() => readConfig({ [name]: value }), { message: new RegExp(`^${name} `) }, `${name}=${value}`)
})

t.test('the error says what the value must be and what it is', async (t) => {
  const cases = [
    { env: { PORT: 'eighty\n8080' }, message: 'PORT must be an integer from 0 to 65535, not "eighty\\n8080"' },
    { env: { FEWSTEP_EXECUTION_PROVIDER: 'gpu' }, message: 'FEWSTEP_EXECUTION_PROVIDER must be one of auto, cpu, cuda, not "gpu"' },
    { env: { FEWSTEP_DEVICES: 'all' }, message: 'FEWSTEP_DEVICES must be numbers with commas between them, not "all"' }
  ]
  for (const { env, message } of cases) t.throws(() => readConfig(env), { message })
})

t.test('proxies and origins are lists, and what is neither is refused by an error that quotes it', async (t) => {
  t.same(readConfig({ FEWSTEP_TRUST_PROXY: '10.0.0.0/8, ::1 ,loopback,unix,fd00::/8' }).trustProxy,
    ['10.0.0.0/8', '::1', 'loopback', 'unix', 'fd00::/8'])
  t.same(readConfig({ FEWSTEP_CORS_ORIGINS: 'https://a.example, http://b:3000' }).corsOrigins, ['https://a.example', 'http://b:3000'])
  t.same(readConfig({ FEWSTEP_CORS_ORIGINS: '*' }).corsOrigins, ['*'])
  for (const wrong of ['true', '1', '10.0.0.0/33', '10.0.0.0/8/8', 'nginx', '10.0.0.0/', '']) {
    const message = new RegExp(`^FEWSTEP_TRUST_PROXY .*, not "${wrong}"$`)
    t.throws(() => readConfig({ FEWSTEP_TRUST_PROXY: `::1,${wrong}` }), { message }, wrong)
  }
  for (const wrong of ['a.example', 'https://a.example/', 'https://a.example/path', 'null', '']) {
    const message = new RegExp(`^FEWSTEP_CORS_ORIGINS .*, not "${wrong}"$`)
    t.throws(() => readConfig({ FEWSTEP_CORS_ORIGINS: `*,${wrong}` }), { message }, wrong)
  }
})

t.test('every number is bounded, and no time overflows Node\'s timers', async (t) => {
  const properties = Environment.properties as unknown as Record<string, { type?: string, minimum?: number, maximum?: number }>
  const integers = Object.entries(properties)
    .filter(([, { type }]) => type === 'integer')
  t.ok(integers.length > 8)
  for (const [name, { minimum = NaN, maximum = NaN }] of integers) t.ok(minimum >= 0 && maximum < 2 ** 31, name)
})

t.test('fewstep generate reads only the settings that it uses', async (t) => {
  const env = { PORT: 'abc', HOST: '::', LOG_LEVEL: 'loud', FEWSTEP_SSE_KEEPALIVE_MS: '0', FEWSTEP_WORKERS: '2' }
  t.same(readGenerateConfig(env), readConfig({ FEWSTEP_WORKERS: '2' }))
  t.throws(() => readGenerateConfig({ FEWSTEP_WORKERS: 'two' }), { message: /^FEWSTEP_WORKERS / })
  t.throws(() => readGenerateConfig({ FEWSTEP_WORKER: '2' }), { message: /^FEWSTEP_WORKER: no such setting/ })
})

t.test('the error names every variable that is wrong, not only the first', async (t) => {
  t.throws(() => readConfig({ PORT: 'x', FEWSTEP_WORKERS: '-1', LOG_LEVEL: 'loud' }), {
    message: /(?=.*\bPORT\b)(?=.*\bFEWSTEP_WORKERS\b)(?=.*\bLOG_LEVEL\b)/
  })
})

t.test('a misspelt setting is refused, a stranger\'s variable is not', async (t) => {
  t.throws(() => readConfig({ FEWSTEP_WORKER: '2', FEWSTEP_QUEUE: '1' }), { message: /^FEWSTEP_WORKER, FEWSTEP_QUEUE: no such setting/ })
  t.doesNotThrow(() => readConfig({ PATH: '/bin', FEW: '1' }))
})

t.test('what Kubernetes says of a Service named fewstep is left alone, and nothing else is', async (t) => {
  const links = {
    FEWSTEP_SERVICE_HOST: '10.96.0.7',
    FEWSTEP_SERVICE_PORT: '8080',
    FEWSTEP_SERVICE_PORT_HTTP: '8080',
    FEWSTEP_PORT: 'tcp://10.96.0.7:8080',
    FEWSTEP_PORT_8080_TCP: 'tcp://10.96.0.7:8080',
    FEWSTEP_PORT_8080_TCP_ADDR: '10.96.0.7',
    FEWSTEP_PORT_8080_TCP_PORT: '8080',
    FEWSTEP_PORT_8080_TCP_PROTO: 'tcp',
    FEWSTEP_METRICS_SERVICE_HOST: '10.96.0.8',
    FEWSTEP_METRICS_PORT: 'tcp://10.96.0.8:9090',
    FEWSTEP_METRICS_PORT_9090_TCP_ADDR: '10.96.0.8'
  }
  t.same(readConfig(links), readConfig({}))
  t.same(readGenerateConfig(links), readConfig({}))
  const strangers = { FEWSTEP_PORT: '8080', FEWSTEP_HOST: '10.96.0.7', FEWSTEP_PORT_TCP: '1', FEWSTEP_SERVICE: 'x' }
  for (const [name, value] of Object.entries(strangers)) {
    t.throws(() => readConfig({ ...links, [name]: value }), { message: `${name}: no such setting; .env.example lists them all` }, name)
  }
})

t.test('.env.example is what the schema says', async (t) => {
  t.equal(await readFile(EXAMPLE, 'utf8'), envExample(), 'stale: run npx tsx scripts/write-env-example.ts')
})

t.test('.env.example has every setting, and with it nothing changes', async (t) => {
  const example = parseEnv(await readFile(EXAMPLE, 'utf8')) as NodeJS.ProcessEnv
  t.same(Object.keys(example).sort(), Object.keys(Environment.properties).sort())
  t.same(readConfig(example), readConfig({}))
})

t.test('the process\'s own environment is read where none is given', async (t) => {
  const script = "import { readConfig } from './src/config.ts'; console.log(readConfig().port)"
  const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    cwd: new URL('..', import.meta.url), env: { PATH: process.env['PATH'], PORT: '4321' }, stdio: ['ignore', 'pipe', 'inherit']
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.equal(output.trim(), '4321')
})

t.test('a key for asking a server is read by those who ask, and is no setting of a server', async (t) => {
  const env = { FEWSTEP_API_KEY: ' secret ', FORCE_COLOR: '1', LD_LIBRARY_PATH: '/a::/b' }
  t.match(readClientSettings(env), { apiKey: 'secret', forceColor: true, libraryPath: ['/a', '/b'], packageIndex: undefined })
  t.match(readClientSettings({ FEWSTEP_API_KEY: '', FORCE_COLOR: '0' }), { apiKey: undefined, forceColor: false, libraryPath: [], packageIndex: undefined })
  t.equal(readGenerateConfig({ FEWSTEP_API_KEY: 'secret' }).maxBatch, 16)
  t.throws(() => readConfig({ FEWSTEP_API_KEY: 'secret' }), /FEWSTEP_API_KEY: no such setting/)
})

t.test('settings that differ from their defaults are told, but no secret', async (t) => {
  t.same(changedSettings({ PORT: '8080', FEWSTEP_MAX_QUEUE: ' 7 ', FEWSTEP_API_KEYS: 'alice:0123456789abcdef', HOST: '', OTHER: 'x' }), {
    FEWSTEP_MAX_QUEUE: '7', FEWSTEP_API_KEYS: '(set, not shown)'
  })
})
