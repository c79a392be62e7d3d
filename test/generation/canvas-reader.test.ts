import { join } from 'node:path'
import t from 'tap'
import { sourceToken } from '../../src/diffusion/random.js'
import { readCanvas } from '../../src/generation/canvas-reader.js'
import { ChangeTracker } from '../../src/generation/change-tracker.js'
import { prepare } from '../../src/generation/index.js'
import { loadModel } from '../../src/model/model.js'
import { Tokenizer } from '../../src/model/tokenizer.js'
import { TINY_TEXT } from '../support/server.js'

const model = await loadModel(TINY_TEXT)
const { tokenizer, manifest } = model

/** Canvases that change at random places, masks, end-of-text and broken characters included. */
function * randomCanvases (template: { tokens: Int32Array, editable: Uint8Array }, seed: number): Generator<Int32Array> {
  const canvas = Int32Array.from(template.tokens, (token, i) => template.editable[i] === 1 ? manifest.mask_token_id ?? 0 : token)
  for (let step = 0; step < 30; step++) {
    for (let draw = 0; draw < 6; draw++) {
      const at = step * 12 + 2 * draw
      const position = sourceToken(seed, at, canvas.length)
      if (template.editable[position] === 1) canvas[position] = sourceToken(seed, at + 1, manifest.vocab_size + 1)
    }
    yield canvas.slice()
  }
}

t.test('pieces assembled from changes, joined, are the text at every step', async (t) => {
  const requests = [
    { prompt: 'The cat', maxTokens: 40 },
    { prompt: '', maxTokens: 20, stop: ['e', '\n'] },
    { prompt: '', maxTokens: 30, stop: ['░'] },
    { template: 'Ü[[5]] was [[9]]é[[2]][[3]]' }
  ]
  for (const request of requests) {
    for (let seed = 1; seed <= 25; seed++) {
      const prepared = prepare(model, { ...request, seed })
      const tracker = new ChangeTracker()
      const pieces: string[] = []
      for (const canvas of randomCanvases(prepared.layout.canvas, seed)) {
        const view = readCanvas(prepared, canvas)
        for (const { position, text, token } of tracker.changes(view)) {
          pieces[position] = text
          if (token !== view.tokens[position]) t.fail('a change names another token')
        }
        if (pieces.join('') !== view.pieces.join('')) t.fail(`pieces drift from the text: ${JSON.stringify(request)} seed ${seed}`)
      }
    }
  }
  t.pass()
})

t.test('an unchanged canvas has no changes', async (t) => {
  const prepared = prepare(model, { prompt: 'The', maxTokens: 5, seed: 1 })
  const tracker = new ChangeTracker()
  const canvas = prepared.layout.canvas.tokens
  t.equal(tracker.changes(readCanvas(prepared, canvas)).length, 5)
  t.same(tracker.changes(readCanvas(prepared, canvas.slice())), [])
})

t.test('a continuation ends before its first end-of-text token', async (t) => {
  const prepared = prepare(model, { prompt: 'The', maxTokens: 6, seed: 1 })
  const [a = 0] = tokenizer.encode('a')
  const end = tokenizer.endOfTextTokenId ?? -1
  const canvas = prepared.layout.canvas.tokens.slice()
  canvas.set([a, a, end, a, end, a], prepared.layout.promptTokens)
  const view = readCanvas(prepared, canvas)
  t.match(view, { pieces: ['a', 'a', '', '', '', ''], kept: 2, finishReason: 'stop' })
})

t.test('the given text of a template stays as it was written, but for a space before a gap', async (t) => {
  const prepared = prepare(model, { template: 'Ünder [[2]] the 😀[[1]].', seed: 1 })
  const canvas = prepared.layout.canvas.tokens.slice()
  // Half of a character at the end of the first gap.
  canvas.fill(tokenizer.encode('é')[0] ?? 0, prepared.layout.segments[1]?.begin, prepared.layout.segments[1]?.end)
  const text = readCanvas(prepared, canvas).pieces.join('')
  t.ok(text.startsWith('Ünder'))
  t.ok(text.includes('\ufffd the 😀'))
  t.ok(text.endsWith('.'))
})

t.test('a given token that is the mask token is text, in front of gaps that hold masks', async (t) => {
  const [mask = 0] = tokenizer.encode('a')
  const inside = {
    ...model,
    manifest: { ...manifest, mask_token_id: mask },
    tokenizer: await Tokenizer.load(join(TINY_TEXT, 'tokenizer.json'), { maskTokenId: mask, endOfTextTokenId: manifest.end_of_text_token_id })
  }
  const prepared = prepare(inside, { template: 'a [[2]]a', seed: 1 })
  t.same([...prepared.layout.canvas.editable], [0, 1, 1, 0])
  t.equal(readCanvas(prepared, prepared.layout.canvas.tokens.slice().fill(mask)).pieces.join(''), 'a░░a')
})
