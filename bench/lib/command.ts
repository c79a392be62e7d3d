/** What every command here does around its work. */
import { UsageError } from '../../src/cli/usage-error.js'

/** Run a command and set the exit code: what it returns, 1 if it failed, 2 for wrong arguments. */
export function runCommand (name: string, run: (args: readonly string[]) => Promise<number>): void {
  run(process.argv.slice(2)).then(
    (code) => { process.exitCode = code },
    (error: unknown) => {
      const usage = error instanceof UsageError
      process.stderr.write(`${name}: ${usage ? error.message : error instanceof Error ? error.stack ?? error.message : String(error)}\n`)
      process.exitCode = usage ? 2 : 1
    }
  )
}

/** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process as usual. */
export function interruption (): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { controller.abort() })
  return controller.signal
}
