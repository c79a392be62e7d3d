/** `fewstep completion`: scripts for shells, made from the table of commands. */
import { COMMANDS, SHELLS, type Command, type Option, type Words } from './commands.js'
import { UsageError } from './usage-error.js'
import { oneOf } from './values.js'

const HELP: Option = { name: 'help', text: 'what it does, with examples' }

/** @throws UsageError */
export function completion ([shell, second]: readonly string[]): string {
  if (shell === undefined) throw new UsageError(`which shell? fewstep completion ${SHELLS.join('|')}`)
  if (second !== undefined) throw new UsageError(`one shell is taken; ${second} is one too many`)
  const commands = Object.values<Command>(COMMANDS)
  switch (oneOf('the shell', shell, SHELLS)) {
    case 'bash': return bash(commands)
    case 'zsh': return zsh(commands)
    case 'fish': return fish(commands)
  }
}

function flagOf ({ name }: Option): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

function optionsOf ({ options }: Command): readonly Option[] {
  return [...options, HELP]
}

function bash (commands: readonly Command[]): string {
  const generate = (words: Words | undefined): string => {
    if (words === undefined) return 'return'
    if (words === 'file') return 'COMPREPLY=($(compgen -f -- "$word")); return'
    if (words === 'folder') return 'COMPREPLY=($(compgen -d -- "$word")); return'
    return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word")); return`
  }
  const cases = commands.map((command) => {
    const values = command.options.filter(({ value }) => value !== undefined)
      .map((option) => `        ${flagOf(option)}) ${generate(option.words)} ;;\n`).join('')
    return `    ${command.name})
      case "$before" in
${values}        *) ;;
      esac
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W '${optionsOf(command).map(flagOf).join(' ')}' -- "$word")); return
      fi
      ${generate(command.words)} ;;
`
  }).join('')
  return `# Completion of fewstep for bash: source <(fewstep completion bash)
_fewstep() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help --version' -- "$word")); return
  fi
  case "\${COMP_WORDS[1]}" in
${cases}  esac
}
complete -o filenames -F _fewstep fewstep
`
}

/** Single quotes, and what _arguments itself would read in a description. */
function zshText (text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")
}

function zsh (commands: readonly Command[]): string {
  const action = (words: Words | undefined): string => {
    if (words === undefined) return ' '
    if (words === 'file') return '_files'
    if (words === 'folder') return '_files -/'
    return `(${words.join(' ')})`
  }
  const spec = (option: Option): string => {
    const value = option.value === undefined ? '' : `:${zshText(option.value)}:${action(option.words)}`
    return `'${option.multiple === true ? '*' : ''}${flagOf(option)}[${zshText(option.text)}]${value}'`
  }
  const cases = commands.map((command) => {
    const operand = command.words === undefined ? [] : [`'*:${command.name}:${action(command.words)}'`]
    return `    ${command.name}) _arguments ${[...optionsOf(command).map(spec), ...operand].join(' \\\n      ')} ;;\n`
  }).join('')
  return `#compdef fewstep
# Completion of fewstep for zsh: source <(fewstep completion zsh), after compinit
_fewstep() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, summary }) => `      '${name}:${zshText(summary)}'\n`).join('')}    )
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases}  esac
}
compdef _fewstep fewstep
`
}

function fishText (text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function fish (commands: readonly Command[]): string {
  const values = (words: Words | undefined): string => {
    if (words === undefined) return ' -x'
    if (words === 'file') return ' -rF'
    if (words === 'folder') return " -xa '(__fish_complete_directories)'"
    return ` -xa ${fishText(words.join(' '))}`
  }
  const lines = commands.flatMap((command) => {
    const within = `-n '__fish_seen_subcommand_from ${command.name}'`
    const operands = command.words === undefined ? [] : [`complete -c fewstep ${within}${values(command.words).replace('-rF', '-F').replace('-x', '-f')}`]
    return [
      `complete -c fewstep -f -n __fish_use_subcommand -a ${command.name} -d ${fishText(command.summary)}`,
      ...optionsOf(command).map((option) =>
        `complete -c fewstep ${within} ${option.name.length === 1 ? '-s' : '-l'} ${option.name}${option.value === undefined ? '' : values(option.words)} -d ${fishText(option.text)}`),
      ...operands
    ]
  })
  return `# Completion of fewstep for fish: fewstep completion fish > ~/.config/fish/completions/fewstep.fish
${lines.join('\n')}
`
}
