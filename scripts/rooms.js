/**
 * The rooms of src/ as a lint rule: who may import whom. Dependencies point one way,
 *
 *     main, cli -> serve -> server -> app -> http -> generation -> engine -> diffusion
 *     server, app, http -> loaded-models -> engine, model
 *     generation, engine -> model -> diffusion
 *
 * and a package that stands for a decision is imported in one place, where the decision can be changed.
 */
import { dirname, relative, resolve, sep } from 'node:path'

const SRC = resolve(import.meta.dirname, '../src')

/** A room is a folder of src/ or a file at its top; each may import itself and these. */
const ROOMS = {
  errors: [],
  diffusion: [],
  config: [],
  logger: [],
  signals: [],
  model: ['diffusion', 'errors'],
  engine: ['diffusion', 'model', 'errors'],
  generation: ['diffusion', 'model', 'engine', 'errors'],
  'loaded-models': ['model', 'engine'],
  http: ['diffusion', 'model', 'engine', 'generation', 'loaded-models', 'errors', 'config'],
  app: ['http', 'loaded-models', 'errors', 'config'],
  server: ['app', 'loaded-models', 'errors', 'config', 'logger'],
  serve: ['server', 'errors', 'config', 'logger', 'signals'],
  main: ['serve', 'signals'],
  cli: ['serve', 'signals', 'http', 'generation', 'engine', 'model', 'diffusion', 'errors', 'config', 'logger']
}

/** Packages, and the only room or file under src/ that imports them. */
const OWNERS = [
  { packages: /^(@?fastify)(\/|$)/, owners: ['http', 'app'] },
  { packages: /^onnxruntime-/, owners: ['engine/session-worker.ts'] },
  { packages: /^@huggingface\/tokenizers$/, owners: ['model/tokenizer.ts'] },
  { packages: /^prom-client$/, owners: ['http'] }
]

function roomOf (path) {
  return path.split('/')[0].replace(/\.[jt]s$/, '')
}

/** Why the file may not import that, or undefined. Paths are relative to src/. */
function objection (file, specifier) {
  const room = roomOf(file)
  if (!specifier.startsWith('.')) {
    if (room === 'diffusion') return `src/diffusion is pure mathematics: it does not import ${specifier}.`
    const owners = OWNERS.find(({ packages }) => packages.test(specifier))?.owners ?? [room]
    return owners.includes(room) || owners.includes(file) ? undefined : `Only src/${owners.join(' and src/')} may import ${specifier}.`
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
        if (!(roomOf(file) in ROOMS)) context.report({ node, message: `src/${roomOf(file)} has no place among the rooms; give it one in scripts/rooms.js.` })
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
    ignores: ['src/config.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: NO_ENVIRONMENT }],
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: ['process', 'node:process'].map((name) => ({ name, importNames: ['env'], message: NO_ENVIRONMENT }))
      }]
    }
  }
]
