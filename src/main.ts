/** The service's entry point: `node dist/main.js`. */
import { serve } from './serve.js'

await serve()
