import t from 'tap'
import type { TextUpdate } from '../../src/generation/output-text.js'
import { StepQueue } from '../../src/generation/step-queue.js'

function update (row: number, step: number): TextUpdate {
  const made = { tokens: Int32Array.of(step), confidence: Float32Array.of(1) }
  const before = { tokens: new Int32Array(), confidence: new Float32Array() }
  return { row, step, steps: 100, t: step / 100, block: 0, blockDone: false, last: false, before, ...made }
}

async function drain (queue: StepQueue): Promise<string[]> {
  const seen = []
  for await (const { row, step } of queue) seen.push(`${row}:${step}`)
  return seen
}

t.test('a reader in time sees every refinement, in order', async (t) => {
  const queue = new StepQueue(4)
  const seen = drain(queue)
  for (let step = 1; step <= 20; step++) {
    queue.push(update(0, step))
    await new Promise(setImmediate)
  }
  queue.close()
  t.same(await seen, Array.from({ length: 20 }, (_, i) => `0:${i + 1}`))
})

t.test('a reader who comes late sees no more than the limit, and the last refinement of each row', async (t) => {
  const queue = new StepQueue(4)
  queue.push(update(2, 1))
  for (let step = 1; step <= 50; step++) for (const row of [0, 1]) queue.push(update(row, step))
  queue.close()
  const seen = await drain(queue)
  t.equal(seen.length, 4)
  t.same(seen.filter((name) => ['2:1', '0:50', '1:50'].includes(name)), ['2:1', '0:50', '1:50'])
})

t.test('closing ends a reader who waits', async (t) => {
  const queue = new StepQueue(4)
  const seen = drain(queue)
  queue.close()
  t.same(await seen, [])
})
