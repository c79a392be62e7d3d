/** The documents do not drift: what they show is sent, and what comes has the status, the headers and the shape that they show. */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { ERROR_CODES } from '../../src/errors.js'
import { openApiDocument } from '../../src/http/app/openapi-document.js'
import { STANDING_HEADERS } from '../../src/http/guard/standing.js'
import { startDocumented } from '../support/documented.js'
import { commandsIn, difference, endsOf, examplesIn, parseAnswer, parseCurl } from '../support/examples.js'
import { program } from '../support/program.js'

const documented = await startDocumented()
t.teardown(documented.stop)

const FILES = [
  'README.md', 'docs/quickstart.md', 'docs/budgets.md', 'docs/streaming.md', 'docs/sizing.md', 'docs/coming-from.md', 'docs/api.md', 'docs/score.md',
  'docs/kserve.md'
] as const
const text = async (file: string): Promise<string> => await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
const api = await text('docs/api.md')
const all = (await Promise.all(FILES.map(text))).join('\n')

for (const file of FILES) {
  t.test(`what ${file} shows is what happens`, async (t) => {
    const examples = examplesIn(await text(file))
    for (const example of examples) {
      const { command, answer } = example
      const { response, body } = await documented.ask(example)
      if (answer === undefined) {
        t.equal(response.status, 200, command)
        continue
      }
      const shown = parseAnswer(answer)
      t.equal(response.status, shown.status, command)
      for (const [name, value] of shown.headers) {
        const got = response.headers.get(name) ?? ''
        t.ok(name === 'content-type' ? got === value : got !== '', `${command}: ${name} is ${got}`)
      }
      const type = response.headers.get('content-type') ?? ''
      if (type.startsWith('application/json')) t.equal(difference(JSON.parse(shown.body), JSON.parse(body)), undefined, command)
      if (type.startsWith('text/event-stream')) t.equal(difference(endsOf(shown.body), endsOf(body)), undefined, command)
    }
  })
}

t.test('what is typed into a terminal runs', async (t) => {
  const { url } = documented
  const cwd = t.testdir()
  const [node, ...fewstep] = program('cli/main')
  const env = { ...process.env, FEWSTEP_CACHE_DIR: 'none', FEWSTEP_WORKERS: '1', FEWSTEP_THREADS: '1', FEWSTEP_WARM_UP_MS: '0' }
  for (const file of FILES) {
    for (const words of commandsIn(await text(file))) {
      const args = words.map((word) => word.replace('http://127.0.0.1:8080', url))
      const { stdout } = await promisify(execFile)(node, [...fewstep, ...args], { cwd, env })
      t.ok(stdout.length > 0, `${file}: ${words.join(' ')}`)
    }
  }
})

t.test('the JavaScript runs', async (t) => {
  const { url } = documented
  for (const file of FILES) {
    for (const [, script = ''] of (await text(file)).matchAll(/^```js\n([^]*?)\n```$/gm)) {
      // Here, so that it finds the client.
      const path = fileURLToPath(new URL('example.mjs', import.meta.url))
      t.teardown(() => rm(path, { force: true }))
      await writeFile(path, script.replaceAll('http://127.0.0.1:8080', url))
      const { stdout } = await promisify(execFile)(process.execPath, [path])
      t.ok(stdout.length > 0, file)
    }
  }
})

interface Described {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, { readonly headers?: object }> }>>
  readonly components: { readonly schemas: Record<string, { readonly properties?: object }> }
}

t.test('every route has an example', async (t) => {
  const { paths } = await openApiDocument() as Described
  const asked = examplesIn(all).map(({ command }) => parseCurl(command)).map(({ path, init }) => `${init.method} ${path.split('?')[0]}`)
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const pattern = new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
      t.ok(asked.some((each) => pattern.test(each)), `${method} ${path}`)
    }
  }
})

t.test('every error, field and header has an entry', async (t) => {
  const { paths, components: { schemas } } = await openApiDocument() as Described
  for (const code of ERROR_CODES) t.match(api, `\`${code}\``, code)
  for (const [name, { properties = {} }] of Object.entries(schemas)) {
    if (!name.endsWith('Request')) continue
    for (const field of Object.keys(properties)) t.match(all, `\`${field}\``, `${name}: ${field}`)
  }
  const headers = Object.values(paths).flatMap((path) => Object.values(path)).flatMap(({ responses }) => Object.values(responses))
    .flatMap(({ headers = {} }) => Object.keys(headers))
  for (const header of new Set([...headers, ...STANDING_HEADERS])) t.match(all.toLowerCase(), `\`${header}\``, header)
})
