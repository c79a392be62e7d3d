/** What --help prints, from the table of commands. */
import { COMMANDS, type Command, type Option } from './commands.js'

const COLUMNS = 100
const INDENT = '  '

/** All commands, a line each. */
export function overview (): string {
  const commands = Object.values<Command>(COMMANDS)
  const width = Math.max(...commands.map(({ name }) => name.length))
  return `fewstep: few-step diffusion language models

${commands.map(({ name, summary }) => `  fewstep ${name.padEnd(width)}  ${summary}\n`).join('')}
  fewstep COMMAND --help${' '.repeat(Math.max(1, width - 12))}options and examples of a command
  fewstep --version
`
}

export async function helpOf ({ name, synopsis, about, options, more, examples }: Command): Promise<string> {
  const all: readonly Option[] = [...options, { name: 'help', text: 'this page' }]
  const heads = all.map(optionHead)
  const width = Math.max(...heads.map(({ length }) => length))
  return [
    `fewstep ${name}${synopsis === '' ? '' : ` ${synopsis}`}\n`,
    filled(about, ''),
    'OPTIONS\n',
    all.map(({ text }, i) => INDENT + (heads[i] ?? '').padEnd(width) + INDENT +
      filled(text, ' '.repeat(width + 2 * INDENT.length)).trimStart()).join(''),
    ...(more === undefined ? [] : [await more()]),
    'EXAMPLES\n',
    examples.map(([command, what]) => `  ${command}\n      ${what}\n`).join('')
  ].join('\n').replaceAll('\n\n\n', '\n\n')
}

export function optionHead ({ name, value }: Option): string {
  const head = name.length === 1 ? `-${name}` : name === 'help' ? '-h, --help' : `--${name}`
  return value === undefined ? head : `${head} ${value}`
}

/** Words in lines of at most COLUMNS, each with the indent. */
function filled (text: string, indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = word
    } else {
      line += line === '' ? word : ` ${word}`
    }
  }
  return [...lines, line].map((each) => `${indent}${each}\n`).join('')
}
