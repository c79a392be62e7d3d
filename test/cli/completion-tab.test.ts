/** What happens when somebody presses Tab, in each shell that is here, set up as docs/terminal.md says. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SHELLS } from '../../src/cli/commands.js'
import { FEWSTEP } from '../support/cli.js'
import { quoted } from '../support/terminals.js'
import { InteractiveShell, isHere, type Shell } from '../support/interactive-shell.js'

/** Typed in pieces, so that it is seen only once it has run. */
const READY = "printf '%s\\n' re''ady"
/** In place of the program, so that what it is called with is seen. */
const SHOW: Record<Shell, string> = {
  bash: "fewstep() { printf '<%s>' \"$@\"; echo; }",
  zsh: "fewstep() { printf '<%s>' \"$@\"; echo; }",
  fish: "function fewstep; printf '<%s>' $argv; echo; end"
}
const SET_UP: Record<Shell, string> = {
  bash: 'source <(fewstep completion bash)',
  zsh: 'autoload -U compinit; compinit -u; source <(fewstep completion zsh)',
  fish: 'fewstep completion fish > ~/.config/fish/completions/fewstep.fish'
}
const TYPED = {
  'fewstep gen\t': '<generate>',
  'fewstep generate --tempe\t': '<generate><--temperature>',
  'fewstep generate --view time\t': '<generate><--view><timeline>',
  'fewstep completion zs\t': '<completion><zsh>',
  'fewstep replay once\t': '<replay><once-upon.json>',
  'fewstep inspect fol\t': '<inspect><folder>'
}

for (const shell of SHELLS) {
  t.test(`${shell} completes commands, options, values, files and folders`, { skip: !isHere(shell) && `${shell} is not installed` }, async (t) => {
    const home = t.testdir({ bin: {}, folder: {}, 'once-upon.json': '{}' })
    const program = join(home, 'bin/fewstep')
    writeFileSync(program, `#!/bin/sh\nexec ${quoted(FEWSTEP)} "$@"\n`)
    chmodSync(program, 0o755)
    mkdirSync(join(home, '.config/fish/completions'), { recursive: true })
    // Else fish reads all manual pages in the background.
    mkdirSync(join(home, '.local/share/fish/generated_completions'), { recursive: true })
    const opened = await InteractiveShell.open(shell, home, { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}` })
    t.teardown(async () => { await opened.close() })
    await opened.type(`${SET_UP[shell]}; ${SHOW[shell]}; ${READY}`, /ready/)
    for (const [line, runs] of Object.entries(TYPED)) {
      // A folder's slash, which zsh takes away again.
      t.equal((await opened.type(line, /<.*>\r\n/)).trim().replace('/>', '>'), runs, `${shell}: ${line}`)
    }
  })
}
