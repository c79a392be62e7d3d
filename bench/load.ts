/** `fewstep bench` from the sources: `npm run bench:load -- --help`. */
import { Arguments } from '../src/cli/arguments.js'
import { runBench } from '../src/cli/bench/bench.js'
import { COMMANDS } from '../src/cli/commands.js'
import { helpOf } from '../src/cli/help.js'
import { interruption, runCommand } from './lib/command.js'

runCommand('bench:load', async (args) => {
  const given = new Arguments(COMMANDS.bench, args)
  if (!given.flag('help')) return await runBench(given, interruption())
  process.stdout.write(await helpOf(COMMANDS.bench))
  return 0
})
