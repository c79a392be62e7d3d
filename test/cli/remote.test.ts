/** The command against a running server, recordings and their replay. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { printable } from '../../src/cli/printable.js'
import { readRecording, recordingElement } from '../../src/client/index.js'
import { makeKey } from '../../src/http/guard/key-line.js'
import { fewstep, fewstepInTerminal, fewstepReading } from '../support/cli.js'
import { generate } from '../support/client.js'
import { startTestServer } from '../support/server.js'
import { withoutEscapes } from '../support/terminal.js'

const server = await startTestServer()
t.teardown(server.stop)
const REQUEST = ['--seed', '3', '--steps', '4', '--max-tokens', '16']
const { outputs: [output] } = await generate(server.url, { prompt: 'The cat', seed: 3, steps: 4, max_tokens: 16 })
const TEXT = `The cat${output?.text}\n`

t.test('a server writes what this machine does', async (t) => {
  const there = await fewstep(['generate', 'The cat', ...REQUEST, '--url', server.url, '--model', 'tiny-text'])
  t.same(there, { code: 0, stdout: TEXT, stderr: '' })
  t.same(await fewstep(['generate', 'The cat', ...REQUEST]), there)
})

t.test('a prompt comes from standard input, without the line break at its end', async (t) => {
  t.same(await fewstepReading('The cat\n', ['generate', ...REQUEST, '--url', server.url]), { code: 0, stdout: TEXT, stderr: '' })
  t.equal((await fewstepReading('The cat', ['generate', '-', ...REQUEST, '--url', server.url])).stdout, TEXT)
  t.equal((await fewstepReading('A dog', ['generate', 'The cat', ...REQUEST, '--url', server.url])).stdout, TEXT, 'an argument is stronger')
  t.match(await fewstepReading('x'.repeat(2 ** 20 + 1), ['generate', '-']), { code: 1, stderr: /^fewstep: standard input: it has more than/ })
})

t.test('a key is sent, from the option or the environment', async (t) => {
  const key = makeKey()
  const guarded = await startTestServer({ apiKeys: [`alice:${key}`] })
  t.teardown(guarded.stop)
  const args = ['generate', 'The cat', ...REQUEST, '--url', guarded.url]
  t.equal((await fewstep([...args, '--api-key', key])).stdout, TEXT)
  t.equal((await fewstep(args, { FEWSTEP_API_KEY: key })).stdout, TEXT)
  t.match(await fewstep(args), { code: 2, stdout: '', stderr: /^fewstep: .*key/ })
})

t.test('what the server refuses is one sentence, with the exit code of whose fault it is', async (t) => {
  t.match(await fewstep(['generate', '--max-tokens', '9000', '--url', server.url]), { code: 2, stdout: '', stderr: /^fewstep: max_tokens is 9000/ })
  t.match(await fewstep(['generate', '--record', '/nowhere/x.json']), { code: 2, stdout: '', stderr: /^fewstep: --record: ENOENT: .*\/nowhere/ })
  t.match(await fewstep(['generate', '--url', 'http://127.0.0.1:1']), { code: 1, stdout: '', stderr: /^fewstep: no answer from http:\/\/127.0.0.1:1: / })
})

t.test('a recording is replayed from JSON and from a page, and holds what was asked', async (t) => {
  const folder = t.testdir()
  const [json, page] = [join(folder, 'cat.json'), join(folder, 'cat.html')]
  t.equal((await fewstep(['generate', 'The cat', ...REQUEST, '--url', server.url, '--record', json])).stdout, TEXT)
  const recording = readRecording(await readFile(json, 'utf8'))
  t.match(recording, { model: 'tiny-text', request: { prompt: 'The cat', seed: 3, steps: 4, confidence: true } })
  t.same(recording.events.map(({ event }) => event), ['step', 'step', 'step', 'step', 'done'])
  t.same(await fewstep(['replay', json]), { code: 0, stdout: TEXT, stderr: '' })
  await writeFile(page, `<!doctype html><title>cat</title>${recordingElement(recording)}`)
  t.same(await fewstep(['replay', page, '--speed', '1000']), { code: 0, stdout: TEXT, stderr: '' })
  t.equal((await fewstepReading(JSON.stringify(recording), ['replay', '-'])).stdout, TEXT)
  t.same(JSON.parse((await fewstep(['replay', json, '--json'])).stdout), recording.events.at(-1)?.data)
  const local = join(folder, 'local.json')
  await fewstep(['generate', 'The cat', ...REQUEST, '--record', local])
  const steps = (text: string): unknown => readRecording(text).events.flatMap(({ event, data }) => event === 'step' ? [data] : [])
  t.same(steps(await readFile(local, 'utf8')), recording.events.slice(0, -1).map(({ data }) => data), 'the same without a server')
})

t.test('what is no recording, or one of a failure, ends with exit code 1', async (t) => {
  const file = join(t.testdir(), 'x.json')
  t.match(await fewstep(['replay', file]), { code: 1, stdout: '', stderr: /^fewstep: .*x\.json: ENOENT/ })
  await writeFile(file, '{}')
  t.match(await fewstep(['replay', file]), { code: 1, stderr: /x\.json: this is no recording: it has no field fewstep_recording/ })
  const error = { code: 'deadline_exceeded', message: 'it was late', type: 'timeout_error', param: null, request_id: 'r' }
  await writeFile(file, JSON.stringify({
    fewstep_recording: 1, created: '2026-01-01T00:00:00Z', model: 'm', request: {}, events: [{ at_ms: 1, event: 'error', data: { error } }]
  }))
  t.match(await fewstep(['replay', file]), { code: 1, stdout: '', stderr: 'fewstep: it was late\n' })
})

/** What a terminal was sent, as far as it is text. */
function bare (text: string): string {
  return withoutEscapes(text).replaceAll('\r', '')
}

t.test('in a terminal the text is refined in place, in as many columns as there are', async (t) => {
  const file = join(t.testdir(), 'cat.json')
  const made = await fewstepInTerminal(['generate', 'The cat', ...REQUEST, '--view', 'timeline', '--record', file], { columns: 60 })
  t.equal(made.code, 0)
  t.match(bare(made.stdout), /step 0\/4[^]*step 4\/4[^]*4 steps · .* · seed 3 · /)
  t.match(bare(made.stdout), /first change {2}1 {2}2 {2}3 {2}4 {2}last/)
  t.match(made.stdout, /48;5;\d+m/)
  const replayed = await fewstepInTerminal(['replay', file, '--speed', '1000'], { columns: 24, env: { NO_COLOR: '1' } })
  t.equal(replayed.code, 0)
  t.ok(bare(replayed.stdout).split('\n').every((line) => line.length < 24))
  t.match(bare(replayed.stdout), /step 4\/4/)
  t.notOk(replayed.stdout.includes('\x1b[1m'), 'not even the prompt is bold')
  const plain = await fewstepInTerminal(['replay', file, '--view', 'plain'], { columns: 60 })
  t.ok(bare(plain.stdout).includes(printable(TEXT)), 'only the text, and nothing in it that controls the terminal')
})

t.test('colours are forced into a pipe, and only then', async (t) => {
  const args = ['generate', 'The cat', ...REQUEST, '--view', 'timeline', '--url', server.url]
  t.equal((await fewstep(args)).stdout, TEXT)
  const { stdout } = await fewstep(args, { FORCE_COLOR: '3' })
  t.match(stdout, /48;2;\d+;\d+;\d+m/)
  t.equal((await fewstep([...args, '--no-color'], { FORCE_COLOR: '3' })).stdout, TEXT)
})
