import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { COMMANDS, type Command } from '../../src/cli/commands.js'
import { helpOf } from '../../src/cli/help.js'
import { readConfig } from '../../src/config.js'
import { generateText, prepare, type TextRequest } from '../../src/generation/index.js'
import { parseKeyLine } from '../../src/http/guard/key-line.js'
import { readKeys } from '../../src/http/guard/key-sources.js'
import { loadModel } from '../../src/model/model.js'
import { ENVIRONMENT, FEWSTEP, fewstep, start, type Ended } from '../support/cli.js'
import { fixture, startEngine } from '../support/engine.js'
import { onSmallDisk } from '../support/namespace.js'
import { isAlive, workersOf } from '../support/processes.js'
import { until } from '../support/until.js'

const MODEL = fixture('tiny-text')

/** What the same request gives without the command line. */
async function expected (request: TextRequest): Promise<string[]> {
  const engine = await startEngine('tiny-text')
  try {
    const { outputs } = await generateText(engine, prepare(await loadModel(MODEL), request))
    return outputs.map((output) => output.text)
  } finally {
    await engine.close()
  }
}

t.test('where stdout is no terminal, the finished text and its prompt are printed and nothing else', async (t) => {
  const [continuation] = await expected({ prompt: 'Once upon a time', steps: 4, seed: 11, maxTokens: 24 })
  const args = ['generate', 'Once upon a time', '--steps', '4', '--seed', '11', '--max-tokens', '24']
  const printed = { code: 0, stdout: `Once upon a time${continuation}\n`, stderr: '' }
  t.same(await fewstep(args), printed)
  t.same(await fewstep(args), printed, 'the same seed gives the same text')
  t.notSame((await fewstep([...args, '--seed', '12'])).stdout, printed.stdout)
})

t.test('--json prints what POST /v1/generate answers, with timeline and confidence', async (t) => {
  const request: TextRequest = {
    prompt: 'A cat', steps: 3, seed: 2, maxTokens: 10, n: 2, temperature: 0.8, topK: 50, topP: 0.9, schedule: 'geometric'
  }
  const texts = await expected(request)
  const { code, stdout } = await fewstep(['generate', 'A cat', '--steps=3', '--seed=2', '--max-tokens=10', '-n', '2',
    '--temperature=0.8', '--top-k=50', '--top-p=0.9', '--schedule=geometric', '--model', MODEL, '--json'])
  t.equal(code, 0)
  const answer = JSON.parse(stdout) as { outputs: Array<{ text: string, tokens: number[], timeline: number[], confidence: number[] }> }
  const outputs = [{ seed: 2, steps: 3 }, { seed: 3, steps: 3 }]
  t.match(answer, { object: 'generation', model: 'tiny-text', usage: { network_calls: 6 }, outputs })
  t.same(answer.outputs.map((output) => output.text), texts)
  for (const { tokens, timeline, confidence } of answer.outputs) {
    t.same([timeline.length, confidence.length], [tokens.length, tokens.length])
  }
})

t.test('of several models in FEWSTEP_MODEL the first one writes, unless --model says otherwise', async (t) => {
  const args = ['generate', '--steps=1', '--seed=1', '--max-tokens=4', '--json']
  const of = async (folders: string, more: string[] = []): Promise<unknown> => {
    const { stdout } = await fewstep([...args, ...more], { FEWSTEP_MODEL: folders })
    return JSON.parse(stdout)
  }
  t.match(await of(`${MODEL}, /nowhere`), { model: 'tiny-text' })
  t.match(await of(`/nowhere,${MODEL}`, ['--model', MODEL]), { model: 'tiny-text' })
})

t.test('a template is filled in, step sizes may be listed, a stop string ends the text', async (t) => {
  const [filled = ''] = await expected({ template: 'The [[4]] sat.', schedule: [0.5, 0.25, 0.25], seed: 1 })
  t.ok(filled.startsWith('The') && filled.endsWith(' sat.'))
  t.equal((await fewstep(['generate', '--template', 'The [[4]] sat.', '--schedule', '0.5,0.25,0.25', '--seed', '1'])).stdout, `${filled}\n`)
  const [whole = ''] = await expected({ steps: 2, seed: 4, maxTokens: 30 })
  const stop = [...whole].slice(5, 7).join('')
  const { stdout } = await fewstep(['generate', '--steps', '2', '--seed', '4', '--max-tokens', '30', '--stop', stop])
  t.equal(stdout, `${whole.slice(0, whole.indexOf(stop))}\n`)
})

t.test('a wrong argument is named in one sentence, with exit code 2 and nothing on stdout', async (t) => {
  const cases = [
    { args: [], says: /a command is missing/ },
    { args: ['generat'], says: /no such command: generat/ },
    { args: ['--verbose'], says: /no such option: --verbose/ },
    { args: ['generate', '--stepz', '8'], says: /Unknown option '--stepz'; fewstep generate --help/ },
    { args: ['generate', '--schedule', '0.5,0.4'], says: /sum to 1/ },
    { args: ['generate', '--max-tokens', '9000'], says: /max_tokens is 9000/ },
    { args: ['generate', '--template', 'no gap'], says: /no gap/ },
    { args: ['generate', '--top-k', '-1'], says: /^fewstep: --top-k must be an integer from 0 / },
    { args: ['serve', '--port', '80'], says: /serve takes no arguments, not --port/ },
    { args: ['key'], says: /fewstep key new NAME/ },
    { args: ['key', 'old', 'alice'], says: /fewstep key new NAME/ },
    { args: ['key', 'new'], says: /the name of the key is missing/ },
    { args: ['key', 'new', 'alice', 'bob'], says: /bob is one too many/ },
    { args: ['key', 'new', 'a b'], says: /the name of a key has/ },
    { args: ['replay'], says: /the recording is missing/ },
    { args: ['replay', 'a', 'b'], says: /b is one too many/ },
    { args: ['replay', 'a', '--speed', '0'], says: /--speed must be a number from 0.01 to 1000, not 0/ },
    { args: ['inspect'], says: /the model is missing/ },
    { args: ['completion'], says: /which shell/ },
    { args: ['completion', 'tcsh'], says: /the shell must be one of bash, zsh, fish, not tcsh/ },
    { args: ['doctor', '--html'], says: /Unknown option '--html'; fewstep doctor --help/ }
  ]
  for (const { args, says } of cases) {
    const { code, stdout, stderr } = await fewstep(args)
    t.match({ code, stdout, stderr }, { code: 2, stdout: '', stderr: says }, args.join(' '))
    t.equal(stderr.split('\n').length, 2, 'one line, no stack')
  }
})

t.test('what is not the command line\'s fault ends with exit code 1', async (t) => {
  t.match(await fewstep(['generate', '--model', '/nowhere']), { code: 1, stdout: '', stderr: /^fewstep: \/nowhere\/manifest.json: / })
  t.match(await fewstep(['generate'], { FEWSTEP_WORKERS: 'two' }), { code: 1, stdout: '', stderr: /^fewstep: FEWSTEP_WORKERS / })
})

t.test('settings of the service, which listens and logs, do not stop it', async (t) => {
  const wrong = { PORT: 'abc', LOG_LEVEL: 'loud', FEWSTEP_DRAIN_TIMEOUT_MS: '-1' }
  t.match(await fewstep(['generate', 'A cat', '--steps=1', '--max-tokens=4'], wrong), { code: 0, stdout: /^A cat/, stderr: '' })
})

/** The command with its output redirected. */
async function redirected (command: readonly string[]): Promise<Pick<Ended, 'code' | 'stderr'>> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...ENVIRONMENT } })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>])
  return { code, stderr }
}

t.test('output that cannot be written is one sentence and exit code 1', async (t) => {
  const generate = [...FEWSTEP, 'generate', '--steps=1', '--max-tokens=8']
  const full = { code: 1, stderr: 'fewstep: cannot write to stdout: ENOSPC: no space left on device, write\n' }
  const toFull = (args: readonly string[]): string[] => ['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...args]
  t.same(await redirected(toFull([...FEWSTEP, '--help'])), full)
  t.same(await redirected(toFull(generate)), full)
  t.same(await redirected(toFull([...generate, '--json'])), full)
  t.same(await redirected(onSmallDisk([...generate, '--json', '-n', '16'], 4096)), full, 'also where a part of it can')
  t.match(await redirected(['sh', '-c', 'exec "$@" 2> /dev/full', 'sh', ...FEWSTEP, 'generate', '--stepz=1']), { code: 2, stderr: '' })
})

t.test('key new prints the line of a keys file, and shows the key once, beside it', async (t) => {
  const { code, stdout, stderr } = await fewstep(['key', 'new', 'alice'])
  const key = stderr.trimEnd().split('\n').at(-1) ?? ''
  t.equal(code, 0)
  t.match(key, /^fewstep-[\w-]{43}$/)
  t.equal(stdout, `alice ${createHash('sha256').update(key).digest('hex')}\n`)
  t.not((await fewstep(['key', 'new', 'alice'])).stdout, stdout)
  t.match(await fewstep(['key', '--help']), { code: 0, stdout: /requests=N/, stderr: '' })
})

t.test('key new --admin makes the line of an admin, and shows the same as a setting', async (t) => {
  const { code, stdout, stderr } = await fewstep(['key', 'new', '--admin', 'ops'])
  const [, key = '', , setting = ''] = stderr.split('\n')
  t.equal(code, 0)
  const { name, digest, admin } = parseKeyLine(stdout) ?? {}
  t.match({ name, admin }, { name: 'ops', admin: true })
  t.same(digest, createHash('sha256').update(key).digest())
  const [variable = '', value = ''] = setting.split(/=(.*)/)
  t.match(await readKeys(readConfig({ [variable]: value })), [{ name, digest, admin }])
})

t.test('--help and --version answer on stdout', async (t) => {
  const { code, stdout, stderr } = await fewstep(['--help'])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  for (const name of Object.keys(COMMANDS)) t.match(stdout, new RegExp(`^  fewstep ${name} `, 'm'))
  t.match(await fewstep(['generate', '--help']), { code: 0, stdout: /--max-tokens N/, stderr: '' })
  t.match(await fewstep(['serve', '--help']), { code: 0, stdout: /FEWSTEP_MAX_QUEUE/, stderr: '' })
  t.match(await fewstep(['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' })
})

t.test('every command has a page with its options and examples, no wider than a terminal', async (t) => {
  for (const command of Object.values<Command>(COMMANDS)) {
    const page = await helpOf(command)
    for (const { name } of command.options) t.match(page, new RegExp(`^  --?${name}\\b`, 'm'), `${command.name}: ${name}`)
    t.match(page, /\n {2}-h, --help/)
    for (const [example] of command.examples) t.ok(page.includes(`\n  ${example}\n`))
    if (command.name !== 'serve') t.ok(page.split('\n').every((line) => line.length <= 120), `${command.name} is narrow`)
    t.ok(page.endsWith('\n'))
  }
})

t.test('Ctrl-C ends the command and its workers', async (t) => {
  const child = start(['generate', '--steps', '1024', '--max-tokens', '64'])
  const output = text(child.stdout)
  let workers: number[] = []
  await until(async () => (workers = await workersOf(child.pid ?? 0)).length > 0)
  child.kill('SIGINT')
  const [code] = await once(child, 'close') as [number | null]
  t.equal(code, 130)
  t.equal(await output, '')
  await until(() => !workers.some(isAlive))
})
