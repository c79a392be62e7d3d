/** Load generator: `npm run bench:load -- --help`. */
import { interruption, runCommand } from './lib/command.js'
import { snakeCase } from './lib/snake-case.js'
import { LOAD_USAGE, parseLoadOptions } from './load/options.js'
import { formatLoad } from './load/report.js'
import { runLoad } from './load/run-load.js'

runCommand('bench:load', async (args) => {
  const parsed = parseLoadOptions(args)
  if (parsed === 'help') {
    process.stdout.write(LOAD_USAGE)
    return 0
  }
  const { options, json } = parsed
  const report = await runLoad(options, interruption())
  process.stdout.write(json ? `${JSON.stringify(snakeCase(report), null, 2)}\n` : formatLoad(options, report))
  return report.latencyMs === null ? 1 : 0
})
