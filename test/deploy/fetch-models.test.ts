/** The chart's init container: archives come over real HTTP, and tar unpacks them. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const FETCH = fileURLToPath(new URL('../../deploy/helm/fewstep/files/fetch-models.mjs', import.meta.url))

interface Model {
  readonly folder: string
  readonly url: string
  readonly sha256: string
}

function archive (t: Test, files: Readonly<Record<string, string>>, options: readonly string[] = ['.']): Buffer {
  const folder = join(t.testdir(), 'packed')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return execFileSync('tar', ['--create', '--gzip', '--directory', folder, ...options])
}

function sha256 (bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

interface Parts {
  /** Of the archive. */
  readonly url: string
  readonly asked: string[]
  readonly target: string
  readonly run: (models: readonly Model[]) => Promise<{ code: number | null, stderr: string }>
}

/** A server of one archive, and the script that fetches from it. */
async function start (t: Test, bytes: Buffer): Promise<Parts> {
  const asked: string[] = []
  const server = createServer((request, reply) => {
    asked.push(request.url ?? '')
    if (request.url === '/model.tar.gz') reply.end(bytes)
    else reply.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const target = t.testdir()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.tar.gz`,
    asked,
    target,
    run: async (models) => {
      writeFileSync(join(target, 'list.json'), JSON.stringify(models))
      const child = spawn(process.execPath, [FETCH, join(target, 'list.json'), target], { stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
      const [code] = await once(child, 'close') as [number | null]
      return { code, stderr }
    }
  }
}

for (const [where, prefix] of [['at its top', ''], ['one folder below', 'mine-1.0/']] as const) {
  t.test(`an archive with the model ${where} becomes the model's folder, and is fetched once`, async (t) => {
    const bytes = archive(t, { [`${prefix}manifest.json`]: '{}', [`${prefix}sub/step.onnx`]: 'x' }, prefix === '' ? ['.'] : [prefix])
    const { url, asked, target, run } = await start(t, bytes)
    const model = { folder: 'mine', url, sha256: sha256(bytes) }
    t.match(await run([model]), { code: 0, stderr: '' })
    t.equal(readFileSync(join(target, 'mine/manifest.json'), 'utf8'), '{}')
    t.ok(existsSync(join(target, 'mine/sub/step.onnx')))
    t.match(await run([model]), { code: 0 })
    t.same(asked, ['/model.tar.gz'])
  })
}

t.test('an archive of another hash is refused before it is unpacked', async (t) => {
  const { url, target, run } = await start(t, archive(t, { 'manifest.json': '{}' }))
  const { code, stderr } = await run([{ folder: 'mine', url, sha256: '0'.repeat(64) }])
  t.equal(code, 1)
  t.match(stderr, /^mine: the sha256 of http\S+ is [0-9a-f]{64}, not 0{64}\n$/)
  t.same(readdirSync(target), ['list.json'])
})

t.test('an archive does not reach out of its folder', async (t) => {
  const bytes = archive(t, { 'manifest.json': '{}' }, ['--transform', 's,^manifest.json,../../outside,', '--absolute-names', 'manifest.json'])
  const { url, target, run } = await start(t, bytes)
  const { code } = await run([{ folder: 'deep', url, sha256: sha256(bytes) }])
  t.equal(code, 1)
  t.notOk(existsSync(join(target, '../outside')))
  t.notOk(existsSync(join(target, 'outside')))
  t.notOk(existsSync(join(target, 'deep')))
})

t.test('what cannot be fetched or unpacked is one sentence', async (t) => {
  const bytes = Buffer.from('no archive')
  const { url, run } = await start(t, bytes)
  const from = async (address: string): Promise<unknown> => await run([{ folder: 'mine', url: address, sha256: sha256(bytes) }])
  t.match(await from(url.replace('model.', 'other.')), { code: 1, stderr: /^mine: http\S+ answers 404\n$/ })
  t.match(await from('http://127.0.0.1:1/'), { code: 1, stderr: /^mine: http\S+ cannot be reached: .+\n$/ })
  t.match(await from(url), { code: 1, stderr: /^mine: it is no archive that tar can read: .+\n$/ })
})
