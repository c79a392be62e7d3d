/** The only schema of the settings: every environment variable that the service reads, its default and what it means. */
import { Type } from 'typebox'

export const EXECUTION_PROVIDERS = ['auto', 'cpu', 'cuda'] as const
export const READY_WHEN = ['any', 'all'] as const
export const PRECISIONS = ['auto', 'float32', 'int8', 'float16'] as const
export const METRICS_ACCESS = ['open', 'key'] as const
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export const METRICS_ALIASES = ['none', 'vllm'] as const
export const DEFAULT_CACHE_DIR = '~/.cache/fewstep'

/** Bounds what is set in milliseconds, well below the 2^31 - 1 at which Node's timers overflow and fire at once. */
const HOUR_MS = 3_600_000

export const Environment = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'Address to listen on; 0.0.0.0 for all interfaces; a path, as in /run/fewstep.sock, for a Unix socket.'
  }),
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65535,
    description: 'Port to listen on; 0 for a free one. A Unix socket has none.'
  }),
  FEWSTEP_TRUST_PROXY: Type.String({
    default: '',
    description:
      "Proxies in front whose X-Forwarded-For names the client's address: addresses, ranges as in 10.0.0.0/8, loopback, unix (whoever " +
      'comes over the Unix socket), with commas between them; empty: none.'
  }),
  FEWSTEP_CORS_ORIGINS: Type.String({
    default: '',
    description:
      'Web pages that may call from a browser, by origin, as in https://app.example.com,http://localhost:3000; * for all; empty: only ' +
      'those served here.'
  }),
  FEWSTEP_API_KEYS_FILE: Type.String({
    default: '',
    description:
      'File of keys, a line each as `fewstep key new NAME` prints it: name, SHA-256, limits of its own. Read again when it changes. ' +
      'Without keys everybody is served.'
  }),
  FEWSTEP_API_KEYS: Type.String({
    default: '',
    description:
      'Keys themselves, for a quick start, as in alice:KEY,bob:KEY; each has at least 16 characters. The file is safer: it cannot be ' +
      'used to ask.'
  }),
  FEWSTEP_ADMIN_KEYS: Type.String({
    default: '',
    description:
      'Keys for /admin and /v2/repository, which load and unload models, as in ops:KEY. They alone keep nobody from generating. A line of ' +
      'the file is such a key where admin stands in it. Without any, these routes are refused.'
  }),
  FEWSTEP_METRICS_ACCESS: Type.Enum([...METRICS_ACCESS], {
    default: 'open',
    description: 'open or key: whether /metrics asks for a key, where there are keys. It names them, never more.'
  }),
  FEWSTEP_METRICS_ALIASES: Type.Enum([...METRICS_ALIASES], {
    default: 'none',
    description: "none or vllm: whether /metrics has some figures a second time, under vLLM's names, for what reads those."
  }),
  FEWSTEP_REQUESTS_PER_MINUTE: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 1_000_000_000,
    description: 'Requests that a key, or without keys an address, may send a minute; beyond that they get 429. 0: no limit.'
  }),
  FEWSTEP_POSITIONS_PER_MINUTE: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 2_000_000_000,
    description:
      'Work that a key or address may ask for a minute: outputs x steps x padded length, as fewstep_step_positions_total counts it. ' +
      '0: no limit.'
  }),
  FEWSTEP_CANVASES_AT_ONCE: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    description: 'Canvases that a key or address may have in the engine at once, an output each. 0: no limit.'
  }),
  FEWSTEP_FAILED_KEYS_PER_MINUTE: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Requests without a right key that an address may send a minute: 401; beyond that 429. A right key is always let in.'
  }),
  FEWSTEP_MODEL: Type.String({
    default: '',
    description:
      "Models' folders, as in models/a,models/b; models/* for all in a folder, by name. The first serves requests that name none. " +
      'Empty: the embedded model. SIGHUP has what changed loaded again.'
  }),
  FEWSTEP_MODELS_ROOT: Type.String({
    default: '',
    description:
      'Folders, with commas between them, below which an admin may have models loaded while the service runs. Empty: the parents of the ' +
      'folders above.'
  }),
  FEWSTEP_EXECUTION_PROVIDER: Type.Enum([...EXECUTION_PROVIDERS], {
    default: 'auto',
    description: 'auto, cpu or cuda. auto falls back to the CPU; cuda refuses to start without a GPU.'
  }),
  FEWSTEP_PRECISION: Type.Enum([...PRECISIONS], {
    default: 'auto',
    description:
      'auto, float32, int8 or float16, of the products. auto takes, of the graphs that the model has, float16 on a GPU, and on a CPU what is ' +
      'faster here, float32 or int8, measured at the first start. They round differently, so name one where replicas on other machines must ' +
      'give the same texts. int8 is for CPUs; a CPU runs float16 only where it is named, and slowly.'
  }),
  FEWSTEP_DEVICES: Type.String({
    default: '',
    pattern: '^(\\d+(,\\d+)*)?$',
    form: 'numbers with commas between them',
    description: 'GPUs to use, as in 0,1, each with a worker of its own for each model; empty: all of them.'
  }),
  FEWSTEP_WORKERS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 64,
    description:
      'Worker processes of each model on the CPU, each with its own session; 0: as a short measurement at the first start finds best.'
  }),
  FEWSTEP_THREADS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 1024,
    description: 'Threads of each worker; 0: measured, too. Workers x threads should not exceed the cores.'
  }),
  FEWSTEP_MAX_QUEUE: Type.Integer({
    default: 256,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Canvases of each model admitted at once, waiting and running; beyond that a request gets 429.'
  }),
  FEWSTEP_MAX_WAIT_MS: Type.Integer({
    default: 10000,
    minimum: 1,
    maximum: HOUR_MS,
    description: 'A request that is not expected to be done within so long gets 429. Where its own steps take most of that it may still wait for half.'
  }),
  FEWSTEP_MAX_TOKENS: Type.Integer({
    default: 8192,
    minimum: 1,
    maximum: 1_000_000,
    description: "Most tokens of an output that is made in blocks, because it is longer than the model's canvas. What fits the canvas may be asked for anyway."
  }),
  FEWSTEP_MAX_BATCH: Type.Integer({ default: 16, minimum: 1, maximum: 1024, description: 'Canvases in one step of one worker; a GPU serves more texts with 64.' }),
  FEWSTEP_WARM_UP_MS: Type.Integer({
    default: 2000,
    minimum: 0,
    maximum: HOUR_MS,
    description:
      'Longest time for measuring at the first start on the CPU what a step of a model costs; 0: not at all. On GPUs every batch ' +
      'shape is run once.'
  }),
  FEWSTEP_CACHE_DIR: Type.String({
    default: DEFAULT_CACHE_DIR,
    description:
      'Folder where these measurements are kept between starts, optimised copies of graphs of 64 MB or more, which take up to four times ' +
      'the disk of the graph and a part of the memory, and what fewstep cuda install fetches; "none": nothing is kept.'
  }),
  FEWSTEP_STEP_TIMEOUT_MS: Type.Integer({
    default: 60000,
    minimum: 100,
    maximum: HOUR_MS,
    description: 'A worker that needs longer for one step is replaced.'
  }),
  FEWSTEP_DRAIN_TIMEOUT_MS: Type.Integer({
    default: 30000,
    minimum: 0,
    maximum: HOUR_MS,
    description: 'How long SIGTERM waits for running generations.'
  }),
  FEWSTEP_DRAIN_GRACE_MS: Type.Integer({
    default: 5000,
    minimum: 0,
    maximum: HOUR_MS,
    description:
      'Before that: how long after SIGTERM new requests are still served while /health/ready says no, so that balancers notice. ' +
      'Ctrl-C skips it.'
  }),
  FEWSTEP_KEEP_ALIVE_TIMEOUT_MS: Type.Integer({
    default: 75000,
    minimum: 1000,
    maximum: HOUR_MS,
    description:
      'An idle connection is closed after this long: longer than the balancer in front keeps one (60 s is usual, some keep them for ' +
      '350 or 600 s).'
  }),
  FEWSTEP_REQUEST_TIMEOUT_MS: Type.Integer({
    default: 60000,
    minimum: 100,
    maximum: HOUR_MS,
    description: 'A request that has not arrived whole by then, headers and body, gets 408.'
  }),
  FEWSTEP_SEND_TIMEOUT_MS: Type.Integer({
    default: 60000,
    minimum: 100,
    maximum: HOUR_MS,
    description: 'A client that does not take what it is sent for this long is cut off, and its generation cancelled.'
  }),
  FEWSTEP_READY: Type.Enum([...READY_WHEN], {
    default: 'any',
    description: 'any or all: how many of the models must be ready for /health/ready to say yes.'
  }),
  FEWSTEP_BODY_LIMIT: Type.Integer({ default: 1048576, minimum: 1024, maximum: 268435456, description: 'Largest request body, in bytes.' }),
  FEWSTEP_HEADER_LIMIT: Type.Integer({
    default: 16384,
    minimum: 1024,
    maximum: 1048576,
    description: 'Largest head of a request, its first line and its headers, in bytes; beyond that it gets 431.'
  }),
  FEWSTEP_URL_LIMIT: Type.Integer({
    default: 8192,
    minimum: 256,
    maximum: 1048576,
    description: 'Longest URL of a request, in bytes; beyond that it gets 414.'
  }),
  FEWSTEP_SSE_KEEPALIVE_MS: Type.Integer({
    default: 15000,
    minimum: 10,
    maximum: HOUR_MS,
    description: 'A comment line keeps an idle event stream open, this often.'
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.String({
    default: '',
    pattern: '^(https?://\\S+)?$',
    form: 'a URL as in http://127.0.0.1:4318',
    description:
      'Collector of traces, as in http://127.0.0.1:4318: a span for each generation, its wait and its steps, by OTLP over HTTP. The ' +
      "other variables of OpenTelemetry's SDK (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS) count, too; empty: none."
  }),
  LOG_LEVEL: Type.Enum([...LOG_LEVELS], {
    default: 'info',
    description: 'fatal, error, warn, info, debug, trace or silent. SIGUSR2 sets debug, and once more what it was before.'
  })
})
