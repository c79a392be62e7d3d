/**
 * Loaded into session workers before all else (see lies.ts): of some results it sends something else than the graph gave. In
 * TEST_LIES stands when:
 * - {"every": n}: each n-th result of a worker;
 * - {"once": FOLDER}: results whose first token is the number of a kind, but of all workers together each kind only once;
 * - {"failing": FOLDER, "after": n}: none, but of one worker every step fails after n results, as on a device that has failed.
 */
import { mkdirSync } from 'node:fs'

/** Of tokens int32 [B x L] and confidences float32 [B x L], in one block of bytes. */
const KINDS = [
  withConfidence(NaN),
  withTokens(-1),
  withTokens(100_000),
  (bytes) => bytes.subarray(0, bytes.length / 2),
  // A given token, if the first one is given, is another one.
  (bytes) => changed(bytes, ({ tokens }) => { tokens[0]++ }),
  // The mask token of tiny-text, which is a lie in the last step.
  withTokens(320)
]
/** So many of them are lies whatever the step. */
const ALWAYS_LIES = 4

function withConfidence (value) {
  return (bytes) => changed(bytes, ({ confidence }) => { confidence[1] = value })
}

function withTokens (value) {
  return (bytes) => changed(bytes, ({ tokens }) => { tokens[1] = value })
}

/** @param change of a copy */
function changed (bytes, change) {
  const { buffer } = Uint8Array.from(bytes)
  const cells = bytes.length / 8
  change({ tokens: new Int32Array(buffer, 0, cells), confidence: new Float32Array(buffer, 4 * cells, cells) })
  return new Uint8Array(buffer)
}

const { every, once, failing, after } = JSON.parse(process.env.TEST_LIES)
let results = 0
let fails = false

function kindFor (bytes) {
  if (failing !== undefined) return undefined
  if (every !== undefined) return ++results % every === 0 ? process.pid % ALWAYS_LIES : undefined
  const [kind] = new Int32Array(Uint8Array.from(bytes.subarray(0, 4)).buffer)
  if (!(kind in KINDS)) return undefined
  return isFirst(`${once}/${kind}`) ? kind : undefined
}

/** Of all processes the one that makes the folder. */
function isFirst (folder) {
  try {
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}

function failsNow () {
  fails ||= failing !== undefined && results++ >= after && isFirst(`${failing}/failing`)
  return fails
}

if (process.argv[1].includes('session-worker')) {
  const { send } = process
  process.send = (message, ...rest) => {
    if (message.type === 'result' && failsNow()) return send.call(process, { type: 'failed', message: 'an illegal memory access was encountered' }, ...rest)
    const kind = message.type === 'result' ? kindFor(message.bytes) : undefined
    return send.call(process, kind === undefined ? message : { ...message, bytes: KINDS[kind](message.bytes) }, ...rest)
  }
}
