/** The service's entry point: `node dist/main.js`. */
import { stopOnSignals } from './signals.js'

const stop = stopOnSignals(() => process.exit(1))
// Only now: the service takes its time to load.
const { serve } = await import('./serve.js')
await serve(stop)
