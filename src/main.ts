/** The service's entry point: `node dist/main.js`. */
import { serviceSignals } from './signals.js'

const signals = serviceSignals(() => process.exit(1))
// Only now: the service takes its time to load.
const { serve } = await import('./serve.js')
await serve(signals)
