import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'

interface Batch {
  readonly texts: ReadonlyArray<{ readonly file: string, readonly text: string }>
  readonly rules: readonly string[]
  /** Whether a rule asks the type checker. */
  readonly typed: boolean
}

interface Complaint { readonly ruleId: string | null, readonly message: string }

/** What the named rules (and the parser) say of each text of each batch. */
async function complaints (batches: readonly Batch[]): Promise<Complaint[][][]> {
  const program = fileURLToPath(new URL('support/lint-texts.js', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(batches))
  const [found] = await Promise.all([json(child.stdout) as Promise<Complaint[][][]>, once(child, 'exit')])
  return found
}

const ROOMS = ['fewstep/rooms', 'no-restricted-properties', '@typescript-eslint/no-restricted-imports']

const FORBIDDEN = [
  { file: 'src/diffusion/schedule.ts', text: "import '../engine/batcher.js'", says: /src\/diffusion may not import src\/engine/ },
  { file: 'src/diffusion/schedule.ts', text: "import '../errors.js'", says: /src\/diffusion may not import src\/errors/ },
  { file: 'src/diffusion/schedule.ts', text: "import 'node:fs'", says: /pure mathematics.*node:fs/ },
  { file: 'src/client/stream.ts', text: "import 'node:stream'", says: /src\/client runs in browsers.*node:stream/ },
  { file: 'src/client/stream.ts', text: "import '../errors.js'", says: /src\/client may not import src\/errors/ },
  { file: 'src/load/client.ts', text: "import '../http/native/native.js'", says: /src\/load may not import src\/http\/native/ },
  { file: 'src/model/manifest.ts', text: "import '../engine/engine.js'", says: /src\/model may not import src\/engine/ },
  { file: 'src/engine/batcher.ts', text: "import '../generation/index.js'", says: /src\/engine may not import src\/generation/ },
  { file: 'src/engine/batcher.ts', text: "import '../config.js'", says: /src\/engine may not import src\/config/ },
  { file: 'src/engine/engine.ts', text: "import 'onnxruntime-node'", says: /Only src\/engine\/session-worker.ts may import onnxruntime-node/ },
  { file: 'src/generation/cut.ts', text: "import '../http/native/native.js'", says: /src\/generation may not import src\/http\/native/ },
  { file: 'src/generation/cut.ts', text: "import 'fastify'", says: /Only src\/http may import fastify/ },
  { file: 'src/generation/cut.ts', text: "import '@fastify/swagger'", says: /Only src\/http may import @fastify\/swagger/ },
  { file: 'src/http/generation/sse.ts', text: "import '../app/build-app.js'", says: /src\/http\/generation may not import src\/http\/app/ },
  { file: 'src/http/generation/sse.ts', text: "import '../native/native.js'", says: /src\/http\/generation may not import src\/http\/native/ },
  { file: 'src/http/generation/sse.ts', text: "import '../../diffusion/solver.js'", says: /src\/http\/generation may not import src\/diffusion/ },
  { file: 'src/http/native/native.ts', text: "import '../../engine/engine.js'", says: /src\/http\/native may not import src\/engine/ },
  { file: 'src/http/native/native.ts', text: "import '../connection/lifecycle.js'", says: /src\/http\/native may not import src\/http\/connection/ },
  { file: 'src/http/native/schemas/models.ts', text: "import '../../app/routes.js'", says: /src\/http\/native may not import src\/http\/app/ },
  { file: 'src/http/app/routes.ts', text: "import '../../cli/main.js'", says: /src\/http\/app may not import src\/cli/ },
  { file: 'src/http/app/routes.ts', text: "export * from '../../serve.js'", says: /src\/http\/app may not import src\/serve/ },
  { file: 'src/http/app/routes.ts', text: "export { main } from '../../main.js'", says: /src\/http\/app may not import src\/main/ },
  { file: 'src/http/app/routes.ts', text: "await import('../../serve.js')", says: /src\/http\/app may not import src\/serve/ },
  { file: 'src/http/app/routes.ts', text: "export type Serve = typeof import('../../serve.js')", says: /src\/http\/app may not import src\/serve/ },
  { file: 'src/http/fastify.ts', text: "import './app/routes.js'", says: /src\/http\/fastify may not import src\/http\/app/ },
  { file: 'src/cli/main.ts', text: "import 'fastify'", says: /Only src\/http may import fastify/ },
  { file: 'src/serve.ts', text: 'console.log(process.env.PORT)', says: /Only src\/config.ts reads process.env/ },
  { file: 'src/serve.ts', text: 'const { env } = process\nconsole.log(env)', says: /Only src\/config.ts reads process.env/ },
  { file: 'src/serve.ts', text: "import { env } from 'node:process'\nconsole.log(env)", says: /Only src\/config.ts reads process.env/ }
]

const ALLOWED = [
  { file: 'src/diffusion/canvas.ts', text: "import './random.js'" },
  { file: 'src/model/manifest.ts', text: "import '../diffusion/solver.js'" },
  { file: 'src/engine/engine.ts', text: "import '../diffusion/schedule.js'\nimport '../model/manifest.js'" },
  { file: 'src/engine/session-worker.ts', text: "import 'onnxruntime-node'" },
  { file: 'src/generation/cut.ts', text: "import '../engine/engine.js'" },
  { file: 'src/http/native/native.ts', text: "import '../generation/sse.js'\nimport '../../generation/index.js'\nimport 'fastify'" },
  { file: 'src/http/openapi/openapi.ts', text: "import '../fastify.js'\nimport '@fastify/swagger'" },
  { file: 'src/http/app/routes.ts', text: "import '../native/native.js'" },
  { file: 'src/cli/main.ts', text: "import '../serve.js'" },
  { file: 'src/config.ts', text: 'console.log(process.env.PORT)' },
  { file: 'scripts/write-openapi.ts', text: "import '../src/http/openapi/openapi.js'" }
]

const WALL_TIME = ['Date.now()', 'new Date()', 'Date()']

const DATED = ['src/engine/dispatcher.ts', 'src/http/guard/guard.ts', 'web/main.ts', 'src/engine/tuning-cache.ts', 'test/support/until.ts']
  .flatMap((file) => WALL_TIME.map((now) => ({ file, text: `export const now = ${now}` })))

/** In one text: each of its own would be checked anew. */
const HABITS = [
  { rule: '@typescript-eslint/no-misused-promises', text: '[1].forEach(async () => { await Promise.resolve() })' },
  { rule: '@typescript-eslint/no-explicit-any', text: 'export const x: any = 1' },
  { rule: '@typescript-eslint/no-non-null-assertion', text: 'export const first = (xs: number[]): number => xs[0]!' },
  { rule: '@typescript-eslint/consistent-type-imports', text: "import { Socket } from 'node:net'\nexport type X = Socket" },
  { rule: '@typescript-eslint/no-floating-promises', text: 'Promise.resolve(1)' }
]

const [forbidden = [], allowed = [], dated = [], habits = []] = await complaints([
  { texts: FORBIDDEN, rules: ROOMS, typed: false },
  { texts: ALLOWED, rules: ROOMS, typed: false },
  { texts: [...DATED, { file: 'src/engine/dispatcher.ts', text: 'export const then = new Date(0)' }], rules: ['no-restricted-syntax'], typed: false },
  { texts: [{ file: 'src/serve.ts', text: HABITS.map(({ text }) => text).join('\n') }], rules: HABITS.map(({ rule }) => rule), typed: true }
])

t.test('an import against the direction of the rooms is refused', (t) => {
  t.equal(forbidden.length, FORBIDDEN.length)
  FORBIDDEN.forEach(({ file, text, says }, i) => {
    t.equal(forbidden[i]?.length, 1, `${file}: ${text}`)
    t.match(forbidden[i]?.[0]?.message, says)
  })
  t.end()
})

t.test('an import along it is not', (t) => {
  t.equal(allowed.length, ALLOWED.length)
  ALLOWED.forEach(({ file, text }, i) => { t.same(allowed[i], [], `${file}: ${text}`) })
  t.end()
})

t.test('the time of day is asked only where it is meant', (t) => {
  t.same(dated.map(({ length }) => length), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
  t.match(dated[0]?.[0]?.message, /performance\.now/)
  t.end()
})

t.test('the habits that only the type checker can see are checked', (t) => {
  t.same(habits[0]?.map(({ ruleId }) => ruleId), HABITS.map(({ rule }) => rule), 'each once, line by line')
  t.end()
})
