/** Every command of docs/terminal.md, run as it stands by the shell of its block, on a tiny model; only loads are made short. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { ENVIRONMENT, FEWSTEP } from '../support/cli.js'
import { quoted } from '../support/terminals.js'
import { isHere } from '../support/interactive-shell.js'
import { startTestServer } from '../support/server.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BLOCKS = /^```(sh|bash|zsh|fish)\n([^]*?)\n```$/gm

interface Outcome {
  /** What is printed, or what `look` then shows. */
  readonly says: RegExp | string
  readonly look?: string
}

/** In their order. */
const OUTCOMES: readonly Outcome[] = [
  { says: /^Once upon a time./ },
  { says: /^The[^]* was happy\.[^]* The end\.\n$/ },
  { look: 'cat story.txt', says: /^The cat./ },
  { says: 'The cat\u001b[0m\u001b[38;2;' },
  { says: /^The cat./ },
  { look: 'cat cat.json', says: /"fewstep_recording":\s*1/ },
  { says: /^The cat./ },
  { says: /^The cat./ },
  { says: /p99/ },
  { look: 'cat latency.svg', says: /<svg/ },
  { says: /p99/ },
  { says: /fewstep-stories[^]*step\.onnx/ },
  { says: /Node[^]*ONNX Runtime/ },
  { look: 'complete -p fewstep', says: /-F _fewstep fewstep/ },
  { look: 'print $_comps[fewstep]', says: /^_fewstep\n$/ },
  { look: 'complete -C "fewstep gen"', says: /^generate\t/ }
]

const text = await readFile(join(ROOT, 'docs/terminal.md'), 'utf8')
const commands = [...text.matchAll(BLOCKS)].flatMap(([, shell = '', lines = '']) => lines.split('\n').map((line) => ({ shell, line })))

t.test('the commands run', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const home = t.testdir({ bin: {} })
  const program = join(home, 'bin/fewstep')
  writeFileSync(program, `#!/bin/sh\nexec ${quoted(FEWSTEP)} "$@"\n`)
  chmodSync(program, 0o755)
  symlinkSync(join(ROOT, 'models'), join(home, 'models'))
  mkdirSync(join(home, '.config/fish/completions'), { recursive: true })
  const env = { ...ENVIRONMENT, HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}`, FEWSTEP_CACHE_DIR: 'none', FEWSTEP_WORKERS: '1', FEWSTEP_WARM_UP_MS: '0' }

  t.equal(commands.length, OUTCOMES.length)
  for (const [i, { shell, line }] of commands.entries()) {
    const { says, look = '' } = OUTCOMES[i] ?? { says: /$^/ }
    const missing = [PROGRAMS[shell] ?? shell, ...line.includes('| less') ? ['less'] : []].find((name) => !isHere(name))
    if (missing !== undefined) {
      t.pass(`${line}: there is no ${missing} here`, { skip: true })
      continue
    }
    const { stdout } = await promisify(execFile)(PROGRAMS[shell] ?? shell, ['-c', [PROLOGUE[shell] ?? '', short(line, server.url), look].join('\n')], { cwd: home, env })
    t.match(stdout, says, line)
  }
})

/** `sh` stands for whichever the reader has. */
const PROGRAMS: Partial<Record<string, string>> = { sh: 'bash' }
/** What the text says of where a line belongs. */
const PROLOGUE: Partial<Record<string, string>> = { sh: 'set -euo pipefail', bash: 'set -eu', zsh: 'autoload -U compinit; compinit -u' }

/** By the service of this test, and for no longer than a second. */
function short (line: string, url: string): string {
  const here = line.replaceAll('http://127.0.0.1:8080', url)
  return line.startsWith('fewstep bench') ? `${here.replace(/ --duration \d+/, '')} --duration 1 --url ${url}` : here
}
