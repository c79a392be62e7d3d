/** The service's entry point: `node dist/main.js`. */
import { loadCode } from './load-code.js'
import { serviceSignals } from './signals.js'

const signals = serviceSignals(() => process.exit(1))
try {
  // Only now: the service takes its time to load.
  const { serve } = await loadCode(() => import('./serve.js'))
  await serve(signals)
} catch (error) {
  process.stderr.write(`fewstep: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
