/** The benchmark: `npm run bench -- --help`. */
import { fileURLToPath } from 'node:url'
import { UsageError } from '../src/cli/usage-error.js'
import { formatGoal, isMet, type Figure, type Measurement } from './figures/figure.js'
import { FIGURES } from './figures/index.js'
import { runCommand } from './lib/command.js'
import { machineFacts } from './lib/machine.js'
import { parseOptions } from './lib/options.js'
import { writeFigure } from './lib/results.js'
import { digits, formatTable } from '../src/cli/bench/table.js'

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url))

const USAGE = `npm run bench [-- FIGURE ...]

Measures the figures named, or all, prints them beside their goals and keeps them in bench/results.json, each with its
date and the machine. For numbers that mean something leave the machine alone meanwhile.

${FIGURES.map(({ name, about, goal }) => `  ${name}: ${about}${goal === undefined ? '' : `; goal ${formatGoal(goal)}`}`).join('\n')}

  --results FILE   instead of bench/results.json
  -h, --help

Exit code 1: a figure could not be measured. A goal that is missed is printed as that.
`

runCommand('bench', async (args) => {
  const { values, positionals } = parseOptions(args, {
    results: { type: 'string', default: RESULTS },
    help: { type: 'boolean', short: 'h', default: false }
  }, true)
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const figures = positionals.length === 0 ? FIGURES : positionals.map(figureNamed)
  const machine = machineFacts()
  process.stdout.write(`${machine.cpu}, ${machine.cores} cores; Node ${machine.node}, ONNX Runtime ${machine.onnxruntime}\n\n`)
  const rows: string[][] = []
  let failed = 0
  for (const figure of figures) {
    process.stderr.write(`${figure.name} ...\n`)
    try {
      const measurement = await figure.measure()
      writeFigure(values.results, figure.name, {
        ...measurement, goal: figure.goal ?? null, date: new Date().toISOString(), machine, command: `npm run bench -- ${figure.name}`
      })
      rows.push(rowOf(figure, measurement))
    } catch (error) {
      failed++
      rows.push([figure.name, 'failed'])
      process.stderr.write(`${figure.name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
    }
  }
  process.stdout.write(formatTable(['figure', 'value', 'spread', 'goal', ''], rows))
  return failed === 0 ? 0 : 1
})

/** @throws UsageError */
function figureNamed (name: string): Figure {
  const figure = FIGURES.find((each) => each.name === name)
  if (figure === undefined) throw new UsageError(`there is no figure ${name}, but ${FIGURES.map((each) => each.name).join(', ')}`)
  return figure
}

function rowOf ({ name, goal }: Figure, { value, spread, unit }: Measurement): string[] {
  const met = isMet(goal, value)
  return [name, `${digits(value)} ${unit}`, `${digits(spread.low)} – ${digits(spread.high)}`, formatGoal(goal), met === undefined ? '' : met ? 'met' : 'missed']
}
