import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { eventsOf, post } from './support/client.js'
import { TINY_TEXT } from './support/server.js'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function start (env: Record<string, string>): ChildProcess & { readonly output: { stdout: string, stderr: string } } {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', FEWSTEP_EXECUTION_PROVIDER: 'cpu', FEWSTEP_WORKERS: '1', FEWSTEP_THREADS: '1', FEWSTEP_WARM_UP_MS: '0', FEWSTEP_MODEL: TINY_TEXT, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output.stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
  return Object.assign(child, { output })
}

/** Where a started service says that it listens. */
async function listening (child: ReturnType<typeof start>): Promise<string> {
  for (;;) {
    const url = /http:\/\/[\d.]+:\d+/.exec(child.output.stdout)?.[0]
    if (url !== undefined) return url
    if (child.exitCode !== null || child.stdout === null) throw new Error(child.output.stderr)
    await once(child.stdout, 'data')
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} lets a running stream finish and exits with 0`, async (t) => {
    const child = start({})
    const exited = once(child, 'close')
    const events = eventsOf(await post(await listening(child), { steps: 1024, max_tokens: 60, n: 2, stream: true }))
    await events.next()
    child.kill(signal)
    let last
    for await (const { event } of events) last = event
    t.equal(last, 'done')
    t.same(await exited, [0, null])
    t.match(child.output.stdout, /"msg":"stopping/)
    t.equal(child.output.stderr, '')
  })
}

t.test('a second signal exits at once with 1', async (t) => {
  const child = start({})
  const exited = once(child, 'close')
  const events = eventsOf(await post(await listening(child), { steps: 1024, max_tokens: 60, n: 16, stream: true }))
  await events.next()
  child.kill('SIGTERM')
  while (!child.output.stdout.includes('stopping')) await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')
  await t.rejects((async () => { for await (const { event } of events) if (event === 'done') return })())
  t.same(await exited, [1, null])
})

t.test('a wrong setting is one sentence and exit code 1', async (t) => {
  const cases = [
    { env: { PORT: 'http' }, sentence: /^fewstep: PORT [^\n]+\n$/ },
    { env: { FEWSTEP_STEPS: '8' }, sentence: /^fewstep: FEWSTEP_STEPS[^\n]+\n$/ },
    { env: { FEWSTEP_MODEL: '/nowhere' }, sentence: /^fewstep: \/nowhere\/manifest\.json: [^\n]+\n$/ },
    { env: { FEWSTEP_MODEL: `${TINY_TEXT}, ${TINY_TEXT}` }, sentence: /^fewstep: \S+ and \S+ are both named tiny-text: [^\n]+\n$/ }
  ]
  for (const { env, sentence } of cases) {
    const child = start(env)
    t.same(await once(child, 'close'), [1, null])
    t.match(child.output.stderr, sentence)
  }
})
