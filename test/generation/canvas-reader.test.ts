import { join } from 'node:path'
import t from 'tap'
import { sourceToken } from '../../src/diffusion/random.js'
import { readCanvas } from '../../src/generation/canvas-reader.js'
import { ChangeTracker } from '../../src/generation/change-tracker.js'
import { prepare, type PreparedGeneration } from '../../src/generation/index.js'
import { TextReader } from '../../src/generation/text-reader.js'
import { loadModel } from '../../src/model/model.js'
import { Tokenizer } from '../../src/model/tokenizer.js'
import { copyOf } from '../support/copy.js'
import { Draw } from '../support/draw.js'
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
    { prompt: 'The cat ', maxTokens: 20, stop: [' '] },
    { template: 'Ü[[5]] was [[9]]é[[2]][[3]]' },
    { template: 'Ü[[5]] was [[9]]é[[2]][[3]]', stop: ['a', 'e', 'is'] }
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

t.test('block by block a text reads as it does at once, whatever was missed, cut or torn apart on the way', async (t) => {
  const bytes = [...'é😀 the'].flatMap((letter) => tokenizer.encode(letter))
  const requests = [{}, { prompt: 'The ' }, { prompt: 'The', stop: ['the', 'e\ufffd', ' '] }, { ignoreEnd: true }, { stop: ['h', 'the t'], ignoreEnd: true }]
  let cuts = 0
  for (const [i, request] of requests.entries()) {
    for (let seed = 1; seed <= 40; seed++) {
      const draw = new Draw(100 * i + seed)
      const prepared = prepare(model, { ...request, maxTokens: 100, blockLength: draw.integer(1, 9), seed })
      const { layout: { blocks, promptTokens }, blank } = prepared
      const tokens = blank.slice()
      const reader = new TextReader(prepared)
      const tracker = new ChangeTracker()
      const pieces: string[] = []
      for (const { begin, end } of blocks) {
        for (let step = 1; step <= 3; step++) {
          for (let at = begin; at < end; at++) if (draw.integer(1, 2) === 1) tokens[at] = draw.integer(1, 40) === 1 ? 0 : draw.of(bytes)
          if (draw.integer(1, 3) === 1) continue // a slow reader
          const whole = readCanvas(prepared, tokens.slice(0, end))
          const view = reader.read({ before: { tokens: tokens.subarray(0, begin) }, tokens: tokens.slice(begin, end) })
          for (const { position, text } of tracker.changes(view)) pieces[position] = text
          const same = view.before + view.pieces.join('') === whole.pieces.join('') && pieces.join('') === whole.pieces.join('') &&
            view.begin + view.kept.length === whole.kept.length && view.finishReason === whole.finishReason
          if (!same) t.fail(`another text: ${JSON.stringify(request)} seed ${seed}, ${begin - promptTokens}`)
          cuts += Number(whole.finishReason === 'stop')
        }
        if (readCanvas(prepared, tokens.slice(0, end)).finishReason === 'stop') break
      }
    }
  }
  t.ok(cuts > 50, `${cuts} were cut`)
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
  const end = manifest.end_of_text_token_id ?? -1
  const canvas = prepared.layout.canvas.tokens.slice()
  canvas.set([a, a, end, a, end, a], prepared.layout.promptTokens)
  const view = readCanvas(prepared, canvas)
  t.match(view, { pieces: ['a', 'a', '', '', '', ''], kept: [0, 1], finishReason: 'stop' })
})

t.test('where text may end at several tokens, it ends before whichever comes first', async (t) => {
  const [a = 0, b = 0, c = 0] = ['a', 'b', 'c'].flatMap((text) => tokenizer.encode(text))
  const several = await loadModel(await copyOf('tiny-text', { end_of_text_token_ids: [0, b, c] }))
  const prepared = prepare(several, { prompt: 'bc', maxTokens: 4, seed: 1 })
  for (const end of [0, b, c]) {
    const canvas = prepared.layout.canvas.tokens.slice()
    canvas.set([a, end, c, 0], prepared.layout.promptTokens)
    t.match(readCanvas(prepared, canvas), { pieces: ['a', '', '', ''], kept: [0], finishReason: 'stop' })
  }
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
    tokenizer: await Tokenizer.load(join(TINY_TEXT, 'tokenizer.json'), { maskTokenId: mask, endOfTextTokenIds: [0] })
  }
  const prepared = prepare(inside, { template: 'a [[2]]a', seed: 1 })
  t.same([...prepared.layout.canvas.editable], [0, 1, 1, 0])
  t.equal(readCanvas(prepared, prepared.layout.canvas.tokens.slice().fill(mask)).pieces.join(''), 'a░░a')
})

t.test('what fills a gap ends before end-of-text or a stop string, and the text after the gap stays', async (t) => {
  const [a = 0] = tokenizer.encode('a')
  const [b = 0] = tokenizer.encode('b')
  const end = manifest.end_of_text_token_id ?? -1
  const canvas = (prepared: PreparedGeneration, ...made: number[]): Int32Array => {
    const tokens = prepared.layout.canvas.tokens.slice()
    tokens.forEach((_, i) => { if (prepared.layout.canvas.editable[i] === 1) tokens[i] = made.shift() ?? a })
    return tokens
  }
  const prepared = prepare(model, { template: 'b[[3]]b[[2]]b[[2]]', stop: ['b'], seed: 1 })
  t.match(readCanvas(prepared, canvas(prepared, a, end, a, a, b, b, a)),
    { pieces: ['b', 'a', '', '', 'b', 'a', '', 'b', '', ''], kept: [0, 1, 4, 5, 7], finishReason: 'stop' })
  t.match(readCanvas(prepared, canvas(prepared)), { kept: Array.from({ length: 10 }, (_, i) => i), finishReason: 'length' })
  const last = prepare(model, { template: 'b[[1]]', stop: ['a'], seed: 1 })
  t.match(readCanvas(last, canvas(last)), { pieces: ['b', ''], kept: [0], finishReason: 'stop' })
})

t.test('the space at the end of a prompt is not repeated by what is made after it', async (t) => {
  const [spaced = 0, a = 0] = [' fox', 'a'].flatMap((text) => tokenizer.encode(text).slice(0, 1))
  const prepared = prepare(model, { prompt: 'The ', maxTokens: 2, seed: 1 })
  const plain = prepare(model, { prompt: 'The', maxTokens: 2, seed: 1 })
  t.same(prepared.layout.canvas, plain.layout.canvas)
  const canvas = prepared.layout.canvas.tokens.slice()
  canvas.set([spaced, spaced], prepared.layout.promptTokens)
  const [first, second] = readCanvas(prepared, canvas).pieces
  t.equal(second, tokenizer.decode([spaced]), 'it begins with a space')
  t.equal(` ${first}`, second)
  t.same(readCanvas(plain, canvas).pieces, [second, second])
  canvas.set([a], prepared.layout.promptTokens)
  t.equal(readCanvas(prepared, canvas).pieces[0], 'a')
})
