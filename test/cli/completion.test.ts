import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { COMMANDS, SHELLS } from '../../src/cli/commands.js'
import { completion } from '../../src/cli/completion.js'

/** What bash offers when the last of the words is completed. */
async function offered (...words: string[]): Promise<string[]> {
  const script = `${completion(['bash'])}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fewstep; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await promisify(execFile)('bash', ['-c', script])
  return stdout.trim().split('\n').sort()
}

t.test('bash completes commands, options and their values', async (t) => {
  t.same(await offered('fewstep', ''), [...Object.keys(COMMANDS), '--help', '--version'].sort())
  t.same(await offered('fewstep', 'ge'), ['generate'])
  t.same(await offered('fewstep', 'generate', '--st'), ['--steps', '--stop', '--stop-when-stable'])
  t.same(await offered('fewstep', 'generate', '--view', 't'), ['timeline'])
  t.same(await offered('fewstep', 'completion', ''), [...SHELLS].sort())
  t.same(await offered('fewstep', 'replay', 'tsconfig.j'), ['tsconfig.json'])
  t.same(await offered('fewstep', 'inspect', 'model'), ['models'])
  t.same(await offered('fewstep', 'generate', '--seed', ''), [''])
})

t.test('every shell is told of every option', async (t) => {
  for (const shell of SHELLS) {
    const script = completion([shell])
    for (const { name, options } of Object.values(COMMANDS)) {
      t.ok(script.includes(name))
      for (const option of options) t.ok(script.includes(shell === 'fish' ? `-l ${option.name}` : `--${option.name}`) || option.name.length === 1, `${shell}: ${option.name}`)
    }
    t.notOk(/undefined/.test(script))
  }
})
