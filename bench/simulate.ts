/** Simulator of scheduling policies: `npm run bench:simulate -- --help`. */
import { writeFileSync } from 'node:fs'
import { runCommand } from './lib/command.js'
import { snakeCase } from '../src/cli/bench/snake-case.js'
import { parseSimulateOptions, SIMULATE_USAGE } from './simulate/options.js'
import { formatSweep } from './simulate/report.js'
import { sweep } from './simulate/sweep.js'

runCommand('bench:simulate', async (args) => {
  const options = parseSimulateOptions(args)
  if (options === 'help') {
    process.stdout.write(SIMULATE_USAGE)
    return 0
  }
  const result = sweep(options)
  process.stdout.write(formatSweep(result))
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(snakeCase(result), null, 2)}\n`)
  return 0
})
