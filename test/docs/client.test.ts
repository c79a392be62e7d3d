/** Every example of docs/client.md, run as it stands against the embedded model. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { startTestServer } from '../support/server.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What each prints. */
const PRINTS = [
  /.{20,}/,
  /^1\/6 \d+ ms, 24 changed: [^]*^6\/6 [^]*^\d+ tokens in [\d.]+ ms\n$/m,
  /\n1: [^]*, 2: [^]*, 3: [^]*, 4: [^]*\n$/,
  /^TimeoutError\n$/,
  /^steps: steps must be /,
  /^step [\d.]+\nstep [\d.]+\nstep [\d.]+\nstep [\d.]+\ndone [\d.]+\n$/
]

t.test('the examples run', async (t) => {
  const server = await startTestServer({ modelDirectories: [join(ROOT, 'models/fewstep-stories')] })
  t.teardown(server.stop)
  const text = await readFile(join(ROOT, 'docs/client.md'), 'utf8')
  const examples = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code = '']) => code)
  t.equal(examples.length, PRINTS.length)
  const folder = t.testdir()
  for (const [i, example] of examples.entries()) {
    const file = join(folder, `example-${i}.mjs`)
    await writeFile(file, example
      .replaceAll("'fewstep/client'", `'${join(ROOT, 'src/client/index.ts')}'`)
      .replaceAll('http://127.0.0.1:8080', server.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', file], { cwd: ROOT })
    t.match(stdout, PRINTS[i], example)
  }
})

t.test('the package publishes what they import', async (t) => {
  const { exports, files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string, types: string }>, files: string[]
  }
  t.ok(files.includes('dist'))
  t.same(exports['./client'], { types: './dist/client/index.d.ts', default: './dist/client/index.js' })
})
