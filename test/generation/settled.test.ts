import t from 'tap'
import { prepare, streamText, type TextRequest } from '../../src/generation/index.js'
import { loadModel } from '../../src/model/model.js'
import { fixture, startEngine, type FixtureName } from '../support/engine.js'

interface Settling { readonly settled: string[], readonly tokens: number[], readonly text: string }

/** The settled texts of each output, step by step, and the text that it came to. */
async function settle (name: FixtureName, request: TextRequest): Promise<Settling[]> {
  const model = await loadModel(fixture(name))
  const engine = await startEngine(name, { model })
  try {
    const settled: string[][] = []
    const tokens: number[][] = []
    for await (const event of streamText(engine, prepare(model, request))) {
      if (event.type === 'done') {
        return event.result.outputs.map(({ text }, i) => ({ settled: settled[i] ?? [], tokens: tokens[i] ?? [], text }))
      }
      const { index, settled: now } = event.step
      ;(settled[index] ??= []).push(now.text)
      ;(tokens[index] ??= []).push(now.tokens)
    }
    throw new Error('there was no end')
  } finally {
    await engine.close()
  }
}

for (const name of ['tiny-llada', 'tiny-dream'] as const) {
  t.test(`${name}: settled text only grows, step by step, into the text`, async (t) => {
    const outputs = await settle(name, { prompt: 'The cat', maxTokens: 24, steps: 12, seed: 1, n: 8, stop: ['th', 'e.'] })
    let early = 0
    for (const { settled, tokens, text } of outputs) {
      for (const [i, part] of settled.entries()) {
        t.ok(part.startsWith(settled[i - 1] ?? ''), `${part} goes on from ${settled[i - 1]}`)
        t.ok(text.startsWith(part), `${text} begins with ${part}`)
        t.ok((tokens[i] ?? 0) >= (tokens[i - 1] ?? 0))
      }
      t.equal(settled.at(-1), text)
      if (settled.slice(0, -1).some((part) => part !== '')) early++
    }
    t.ok(early > 0, 'some text is known before the last step')
  })
}

t.test('what the cumulative solver has revealed may change: nothing is settled before the last step', async (t) => {
  for (const { settled, text } of await settle('tiny-text', { prompt: 'The', maxTokens: 16, steps: 6, seed: 1, n: 4 })) {
    t.same(settled, ['', '', '', '', '', text])
  }
})

t.test('the Euler solvers reveal for good where nothing is given, and redraw all at last where something is', async (t) => {
  const euler = { maxTokens: 16, steps: 12, seed: 1, n: 8, solver: 'euler' } as const
  const free = await settle('tiny-text', euler)
  for (const { settled, text } of free) for (const part of settled) t.ok(text.startsWith(part))
  t.ok(free.some(({ settled }) => settled.slice(0, -1).some((part) => part !== '')))
  for (const { settled } of await settle('tiny-text', { ...euler, prompt: 'The' })) t.ok(settled.slice(0, -1).every((part) => part === ''))
})

t.test('an end that may begin a stop string is held back', async (t) => {
  const plain = { prompt: 'The cat', maxTokens: 24, steps: 24, seed: 3, n: 4 }
  const before = await settle('tiny-llada', plain)
  const long = before.map(({ settled }) => settled.slice(0, -1).findLast((part) => part.length > 2) ?? '').find((part) => part !== '') ?? ''
  const stop = [`${long.slice(-2)}${'~'.repeat(9)}`]
  const after = await settle('tiny-llada', { ...plain, stop })
  t.ok(after.every(({ text }, i) => text === before[i]?.text), 'the stop string never comes')
  t.ok(before.some(({ settled }) => settled.includes(long)))
  t.notOk(after.some(({ settled, text }) => settled.includes(long) && text !== long))
})
