/**
 * The rooms of src/ as a lint rule: who may import whom. Dependencies point one way,
 *
 *     main, cli -> serve -> server -> http -> generation -> engine -> diffusion
 *     server, http -> loaded-models -> engine, model
 *     generation, engine -> model -> diffusion
 *
 * inside http/
 *
 *     app -> dialects (native, openai, score, kserve), operation, admin, playground, docs, guard -> generation -> errors -> log, openapi
 *     playground, docs -> pages
 *     app, operation, kserve -> connection -> errors
 *
 * and a package that stands for a decision is imported in one place, where the decision can be changed.
 */
import { dirname, relative, resolve, sep } from 'node:path'

const SRC = resolve(import.meta.dirname, '../src')

/** What a dialect may import: no other dialect, and nothing of how text is made. */
const DIALECT = [
  'http/fastify', 'http/log', 'http/errors', 'http/openapi', 'http/generation', 'generation', 'model', 'loaded-models', 'errors', 'version'
]

/** A room is a folder of src/ or of src/http/, or a file at the top of either; each may import itself and these. */
const ROOMS = {
  // For browsers, and published by itself.
  client: [],
  // A load generator: what it sends and counts, not how it is shown.
  load: ['client', 'diffusion'],
  errors: [],
  diffusion: [],
  config: [],
  logger: [],
  signals: [],
  'open-files': [],
  'load-code': ['open-files'],
  version: [],
  model: ['diffusion', 'errors'],
  engine: ['diffusion', 'model', 'errors'],
  generation: ['diffusion', 'model', 'engine', 'errors'],
  // Of the engine it knows what is told of a ticket.
  tracing: ['engine'],
  'loaded-models': ['model', 'engine', 'errors'],
  'http/fastify': [],
  'http/openapi': ['http/fastify', 'version'],
  'http/log': ['http/fastify', 'errors'],
  'http/errors': ['http/fastify', 'http/log', 'http/openapi', 'errors'],
  'http/connection': ['http/fastify', 'http/log', 'http/errors', 'engine', 'errors'],
  'http/generation': ['http/fastify', 'http/log', 'http/errors', 'generation', 'engine', 'loaded-models', 'tracing', 'errors', 'config'],
  'http/native': DIALECT,
  'http/openai': DIALECT,
  'http/score': DIALECT,
  // Its bodies are not all JSON.
  'http/kserve': [...DIALECT, 'http/connection'],
  'http/pages': ['http/fastify'],
  'http/playground': ['http/fastify', 'http/pages', 'errors'],
  'http/docs': ['http/fastify', 'http/pages', 'errors'],
  'http/guard': ['http/fastify', 'http/log', 'http/generation', 'errors', 'config'],
  'http/operation': [
    'http/fastify', 'http/log', 'http/errors', 'http/openapi', 'http/connection', 'http/generation',
    'generation', 'engine', 'loaded-models', 'errors', 'config'
  ],
  'http/admin': ['http/fastify', 'http/errors', 'http/openapi', 'http/generation', 'loaded-models', 'errors', 'config'],
  'http/app': [
    'http/fastify', 'http/log', 'http/errors', 'http/openapi', 'http/connection', 'http/generation', 'http/guard',
    'http/native', 'http/openai', 'http/score', 'http/kserve', 'http/operation', 'http/admin', 'http/playground', 'http/docs',
    'loaded-models', 'errors', 'config'
  ],
  server: ['http/app', 'http/connection', 'http/guard', 'loaded-models', 'errors', 'config', 'logger', 'open-files'],
  serve: ['server', 'tracing', 'version', 'errors', 'config', 'logger', 'signals'],
  main: ['load-code', 'serve', 'signals'],
  // Of HTTP it borrows the JSON of an answer and the lines of a keys file.
  cli: ['load-code', 'serve', 'signals', 'version', 'http/native', 'http/guard', 'client', 'load', 'generation', 'engine', 'model', 'diffusion', 'errors', 'config', 'logger']
}

/** Packages, and the only room or file under src/ that imports them. */
const OWNERS = [
  { packages: /^(@?fastify)(\/|$)/, owners: ['http'] },
  { packages: /^onnxruntime-/, owners: ['engine/session-worker.ts'] },
  { packages: /^@huggingface\/tokenizers$/, owners: ['model/tokenizer.ts'] },
  { packages: /^@huggingface\/jinja$/, owners: ['model/chat-template.ts'] },
  { packages: /^@opentelemetry\//, owners: ['tracing'] },
  { packages: /^prom-client$/, owners: ['http'] },
  { packages: /^esbuild$/, owners: ['http/pages/bundle.ts'] },
  { packages: /^marked$/, owners: ['http/docs/markdown.ts'] }
]

function roomOf (path) {
  const [top, inner] = path.split('/')
  return (top === 'http' && inner !== undefined ? `${top}/${inner}` : top).replace(/\.[jt]s$/, '')
}

/** Owners are rooms, whatever is below them, or files. */
function owns (owner, file) {
  return file === owner || file.startsWith(`${owner}/`)
}

/** Why the file may not import that, or undefined. Paths are relative to src/. */
function objection (file, specifier) {
  const room = roomOf(file)
  if (!specifier.startsWith('.')) {
    if (room === 'client') return `src/client runs in browsers and depends on nothing: it does not import ${specifier}.`
    if (room === 'diffusion') return `src/diffusion is pure mathematics: it does not import ${specifier}.`
    const owners = OWNERS.find(({ packages }) => packages.test(specifier))?.owners
    if (owners === undefined || owners.some((owner) => owns(owner, file))) return undefined
    return `Only src/${owners.join(' and src/')} may import ${specifier}.`
  }
  const target = roomOf(relative(SRC, resolve(SRC, dirname(file), specifier)).split(sep).join('/'))
  if (target === room || ROOMS[room]?.includes(target)) return undefined
  return `src/${room} may not import src/${target}: dependencies point one way (scripts/rooms.js).`
}

const rule = {
  meta: { type: 'problem', schema: [], docs: { description: 'Dependencies between the rooms of src/ point one way.' } },
  create (context) {
    const file = relative(SRC, context.filename).split(sep).join('/')
    const check = (source) => {
      if (typeof source?.value !== 'string') return
      const message = objection(file, source.value)
      if (message !== undefined) context.report({ node: source, message })
    }
    return {
      Program (node) {
        if (roomOf(file) in ROOMS) return
        context.report({ node, message: `src/${roomOf(file)} has no place among the rooms; give it one in scripts/rooms.js.` })
      },
      ImportDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
      TSImportType: ({ source, argument }) => check(source ?? argument?.literal)
    }
  }
}

const NO_ENVIRONMENT = 'Only src/config.ts reads process.env: .env.example lists every setting.'

export const rooms = [
  {
    files: ['src/**/*.ts'],
    plugins: { fewstep: { rules: { rooms: rule } } },
    rules: { 'fewstep/rooms': 'error' }
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts', 'src/engine/exact-products.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: NO_ENVIRONMENT }],
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: ['process', 'node:process'].map((name) => ({ name, importNames: ['env'], message: NO_ENVIRONMENT }))
      }]
    }
  }
]
