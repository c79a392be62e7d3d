/** A process with a session worker that is stuck in native code: `node session-parent.ts load|run`. Says so, then waits for its end. */
import { startSession } from './session.js'

/** A step of tiny-faulty with this token does not come back; see train/tests/faulty_graph.py. */
const NEVER_ENDS = 14

const stuckIn = process.argv[2]
const started = startSession('tiny-faulty', stuckIn === 'load' ? 'endless-load.onnx' : 'step.onnx')
if (stuckIn === 'run') void (await started).run({ rows: 1, paddedLength: 32 }, (batch) => { batch.tokens.fill(NEVER_ENDS) }, 2 ** 31 - 1)
process.stdout.write('started\n')
await started
