/** `npm start`: builds, then serves in this very process, so that signals reach the service and no shell. */
import './build.js'

await import('../dist/main.js')
