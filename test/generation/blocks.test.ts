/** Texts made block after block, on real engines. */
import t from 'tap'
import type { Engine } from '../../src/engine/engine.js'
import { canvasOf, planBlocks } from '../../src/generation/blocks.js'
import { generateText, prepare, priceOf, streamText, type TextRequest, type TextResult, type TextStep } from '../../src/generation/index.js'
import { loadModel, type Model } from '../../src/model/model.js'
import { ManualClock } from '../support/clock.js'
import { fixture, startEngine, type FixtureName } from '../support/engine.js'

const NAMES = ['tiny-text', 'tiny-llada', 'tiny-dream'] as const
const CANVAS = 64

interface Started {
  readonly model: Model
  readonly engine: Engine
}

async function start (name: FixtureName, options: Parameters<typeof startEngine>[1] = {}): Promise<Started> {
  const model = await loadModel(fixture(name))
  return { model, engine: await startEngine(name, { model, ...options }) }
}

async function watch ({ model, engine }: Started, request: TextRequest): Promise<{ steps: TextStep[], result: TextResult }> {
  const steps: TextStep[] = []
  for await (const event of streamText(engine, prepare(model, request))) {
    if (event.type === 'done') return { steps, result: event.result }
    steps.push(event.step)
  }
  throw new Error('there was no end')
}

/** Without an early end, which tiny models come upon by chance. */
const LONG = { prompt: 'The cat', maxTokens: 150, blockLength: 20, steps: 3, seed: 5, ignoreEnd: true } as const

t.test('windows', async (t) => {
  const flow = await loadModel(fixture('tiny-text'))
  const masked = await loadModel(fixture('tiny-llada'))
  const plan = (model: Model, begin: number, end: number, length?: number): number[][] =>
    planBlocks(model, { begin, end }, length).map(({ window, ...block }) => [block.begin, block.end, window.begin, window.end])
  t.same(plan(flow, 10, 64), [[10, 64, 0, 64]], 'what fits is made at once')
  t.same(plan(flow, 10, 64, 54), [[10, 64, 0, 64]])
  t.same(plan(flow, 10, 64, 30), [[10, 40, 0, 40], [40, 64, 0, 64]], 'flow matching sees what stands before')
  t.same(plan(masked, 10, 64, 30), [[10, 40, 0, 64], [40, 64, 0, 64]], 'masked diffusion the masks after it, too')
  t.same(plan(flow, 10, 80), [[10, 42, 0, 42], [42, 74, 10, 74], [74, 80, 16, 80]], 'the oldest part leaves the window')
  t.same(plan(masked, 10, 80), [[10, 42, 0, 64], [42, 74, 10, 74], [74, 80, 16, 80]])
  t.same(plan(flow, 60, 100, 32), [[60, 92, 28, 92], [92, 100, 36, 100]], 'of a long prompt, too')
  t.throws(() => plan(flow, 10, 80, 33), { code: 'invalid_block_length', field: 'block_length', message: /at most 32/ })
})

t.test('a canvas makes its own block and nothing else', async (t) => {
  const model = await loadModel(fixture('tiny-llada'))
  const mask = model.manifest.mask_token_id
  const { layout, blank } = prepare(model, { prompt: 'The cat', maxTokens: 40, blockLength: 10 })
  const { promptTokens } = layout
  for (const [i, block] of layout.blocks.entries()) {
    const { tokens, editable } = canvasOf(block, blank, layout.canvas.editable)
    t.equal(tokens.length, promptTokens + 40)
    t.same([...editable].flatMap((flag, at) => flag === 1 ? [at] : []), Array.from({ length: 10 }, (_, at) => promptTokens + 10 * i + at))
    t.ok(tokens.subarray(promptTokens).every((token) => token === mask))
  }
})

for (const name of NAMES) {
  t.test(name, async (t) => {
    const started = await start(name)
    const { model, engine } = started
    t.teardown(() => engine.close())
    const make = async (request: TextRequest): Promise<TextResult> => await generateText(engine, prepare(model, request))

    await t.test('one block is what the text is without blocks', async (t) => {
      const request = { prompt: 'The cat', maxTokens: 30, steps: 4, seed: 3, n: 2 }
      t.same((await make({ ...request, blockLength: 30 })).outputs, (await make(request)).outputs)
      t.same((await make({ ...request, blockLength: 999 })).outputs, (await make(request)).outputs)
    })

    await t.test('a text longer than the canvas has all its tokens, each step of each block is told, and positions are the text\'s', async (t) => {
      const { steps, result: { outputs: [output], usage } } = await watch(started, LONG)
      t.equal(output?.tokens.length, 150)
      t.match(output, { blocks: 8, steps: 24, finishReason: 'length' })
      t.equal(usage.networkCalls, 24)
      t.same(steps.map(({ step, steps: all, block, blocks }) => [step, all, block, blocks]),
        Array.from({ length: 24 }, (_, i) => [i + 1, 24, Math.floor(i / 3), 8]))
      t.ok(steps.every(({ t: time }, i) => Math.abs(time - (i + 1) / 24) < 1e-9))
      t.equal(steps.at(-1)?.t, 1)
      const pieces: string[] = []
      const tokens: number[] = []
      for (const { changes, text, block } of steps) {
        for (const change of changes) {
          t.ok(change.position < 20 * (block + 1))
          if (change.position < 20 * block) t.equal(change.token, tokens[change.position], 'a finished block stays')
          pieces[change.position] = change.text
          tokens[change.position] = change.token
        }
        t.equal(pieces.join(''), text)
      }
      t.same(tokens, output?.tokens)
      t.equal(pieces.join(''), output?.text)
      for (const [i, step] of output?.timeline.entries() ?? []) {
        const block = Math.floor(i / 20)
        t.ok(step === 0 || (step > 3 * block && step <= 3 * (block + 1)), 'the timeline counts over all blocks')
      }
    })

    await t.test('a seed decides a text, output i of n is that of seed + i, and blocks differ from each other', async (t) => {
      const three = (await make({ ...LONG, n: 3 })).outputs
      for (const [i, output] of three.entries()) {
        const [alone] = (await make({ ...LONG, seed: LONG.seed + i })).outputs
        t.same({ ...output, index: 0 }, alone)
      }
      t.notSame(three[0]?.tokens.slice(0, 20), three[0]?.tokens.slice(20, 40))
    })

    await t.test('settled text only grows, a finished block at least, into the text', async (t) => {
      const { steps, result: { outputs: [output] } } = await watch(started, { ...LONG, stop: ['th', 'e.'], seed: 2 })
      let before = ''
      for (const { settled, t: time, block } of steps) {
        t.ok(settled.text.startsWith(before), `${settled.text} goes on from ${before}`)
        t.ok(output?.text.startsWith(settled.text))
        t.ok(settled.tokens >= Math.min(20 * block, output?.tokens.length ?? 0), `${settled.tokens} tokens at ${time}`)
        before = settled.text
      }
      t.equal(before, output?.text)
    })

    await t.test('a stop string ends it at the block that completes it, wherever it begins', async (t) => {
      const { outputs: [whole] } = await make(LONG)
      const pieces = whole?.pieces ?? []
      const at = pieces.slice(0, 38).join('').length
      const stop = whole?.text.slice(at, at + 12) ?? ''
      const first = whole?.text.indexOf(stop) ?? 0
      const { steps, result: { outputs: [cut], usage } } = await watch(started, { ...LONG, stop: [stop] })
      t.equal(cut?.text, whole?.text.slice(0, first))
      t.equal(cut?.finishReason, 'stop')
      t.ok((cut?.blocks ?? 8) < 8, `${cut?.blocks} blocks`)
      t.equal(usage.networkCalls, 3 * (cut?.blocks ?? 0))
      t.equal(steps.at(-1)?.t, 1)
      t.equal(steps.at(-1)?.steps, cut?.steps)
      t.equal(engine.stats().generations, 0)
    })

    await t.test('an end token ends it, and each output by itself', async (t) => {
      const { outputs } = await make({ ...LONG, n: 4 })
      const token = outputs[0]?.tokens[25] ?? 0
      const ended = (await make({ ...LONG, n: 4, endTokens: [token], ignoreEnd: false })).outputs
      const ends = [...model.tokenizer.endOfTextTokenIds, token]
      for (const [i, output] of ended.entries()) {
        const end = outputs[i]?.tokens.findIndex((each) => ends.includes(each)) ?? -1
        // A text that went on after its end is told from one that did not by its tokens alone.
        if (end < 0) t.equal(output.tokens.length, 150)
        else t.match(output, { tokens: outputs[i]?.tokens.slice(0, end), blocks: 1 + Math.floor(end / 20), finishReason: 'stop' })
      }
      t.match(ended[0], { finishReason: 'stop' })
    })

    await t.test('it costs what its canvases cost', async (t) => {
      const prepared = prepare(model, LONG)
      const { usage } = await generateText(engine, prepared)
      t.equal(priceOf([prepared]).positions, usage.positions)
      t.equal(priceOf([prepared]).canvases, 1)
    })

    await t.test('leaving in the middle of it leaves nothing behind', async (t) => {
      for await (const event of streamText(engine, prepare(model, LONG))) {
        if (event.type === 'step' && event.step.block === 2) break
      }
      await new Promise(setImmediate)
      t.match(engine.stats(), { generations: 0, queuedRows: 0, runningRows: 0, listeners: 0 })
    })
  })
}

t.test('in masked diffusion a block sees the masks after it: a text of the same length without them is another', async (t) => {
  const { model, engine } = await start('tiny-llada')
  t.teardown(() => engine.close())
  const first = async (maxTokens: number): Promise<readonly number[] | undefined> =>
    (await generateText(engine, prepare(model, { ...LONG, maxTokens }))).outputs[0]?.tokens.slice(0, 20)
  t.notSame(await first(40), await first(20))
})

t.test('each block is read while it is made and a few times more, however long the text is', async (t) => {
  const started = await start('tiny-text')
  const { model: { tokenizer }, engine } = started
  t.teardown(() => engine.close())
  let read = 0
  const pieces = tokenizer.pieces.bind(tokenizer)
  tokenizer.pieces = (tokens, options) => {
    read += tokens.length
    return pieces(tokens, options)
  }
  const steps = 2
  for (const maxTokens of [256, 8192]) {
    const request = { ...LONG, steps, maxTokens, blockLength: 32, stop: ['<never>'] }
    read = 0
    await generateText(engine, prepare(started.model, request))
    t.ok(read <= 2.2 * maxTokens, `${read} tokens read for ${maxTokens}: for their end, and for the answer`)
    read = 0
    await watch(started, request)
    t.ok(read <= (steps + 3.4) * maxTokens, `${read} tokens read for ${maxTokens}: in each refinement, once made, for their end, for the answer`)
  }
})

t.test('between its blocks a text keeps its place in a queue that is full', async (t) => {
  const started = await start('tiny-text', { maxQueue: 2 })
  const { model, engine } = started
  t.teardown(() => engine.close())
  const refused: unknown[] = []
  const { result } = await (async () => {
    const other = generateText(engine, prepare(model, { ...LONG, seed: 1 }))
    const watched = watch(started, LONG)
    const knocking = (async () => {
      while (engine.stats().generations === 2) {
        await generateText(engine, prepare(model, { maxTokens: 5, steps: 1 })).catch((error: unknown) => { refused.push(error) })
        await new Promise(setImmediate)
      }
    })()
    await Promise.all([other, knocking])
    return await watched
  })()
  t.equal(result.outputs[0]?.tokens.length, 150)
  t.ok(refused.length > 0)
  for (const error of refused) t.match(error, { code: 'queue_full' })
})

t.test('one deadline holds for all blocks', async (t) => {
  const clock = new ManualClock()
  const { model, engine } = await start('tiny-text', { clock })
  t.teardown(() => engine.close())
  const late = (async () => {
    for await (const event of streamText(engine, prepare(model, { ...LONG, deadlineMs: 1000 }))) {
      if (event.type === 'step') clock.advance(100)
    }
  })()
  await t.rejects(late, { code: 'deadline_exceeded', message: /of 24 steps/ })
  t.match(engine.stats(), { generations: 0, queuedRows: 0, runningRows: 0 })
  t.equal(clock.alarms, 0)
})

t.test('an elastic budget is spread over the blocks: the first leaves time to the others', async (t) => {
  const clock = new ManualClock()
  const { model, engine } = await start('tiny-text', { clock })
  t.teardown(() => engine.close())
  const steps = new Map<number, number>()
  const request = { ...LONG, maxTokens: 80, steps: { min: 1, max: 40 }, deadlineMs: 10_000 }
  for await (const event of streamText(engine, prepare(model, request))) {
    if (event.type === 'done') {
      t.match(event.result.outputs, [{ stepsReason: 'deadline', blocks: 4 }])
      break
    }
    clock.advance(100)
    steps.set(event.step.block, (steps.get(event.step.block) ?? 0) + 1)
  }
  t.equal(steps.size, 4)
  for (const [block, taken] of steps) t.ok(taken >= 8 && taken <= 40, `block ${block} took ${taken} steps`)
})

t.test('what blocks do not go with is refused and names the field', async (t) => {
  const model = await loadModel(fixture('tiny-text'))
  const refused = { code: 'invalid_block_length', statusCode: 422, field: 'block_length' }
  t.throws(() => prepare(model, { template: 'a[[2]]b', blockLength: 4 }), { ...refused, message: /template/ })
  t.throws(() => prepare(model, { prompt: 'a', suffix: 'b', maxTokens: 8, blockLength: 4 }), { ...refused, message: /suffix/ })
  t.throws(() => prepare(model, { maxTokens: 300, blockLength: 33 }), refused)
  t.throws(() => prepare(model, { prompt: 'a', suffix: 'b', maxTokens: 80 }), { code: 'prompt_too_long', field: 'max_tokens' })
  t.throws(() => prepare(model, { maxTokens: 8193 }), { code: 'prompt_too_long', field: 'max_tokens', message: /at most 8192/ })
  t.throws(() => prepare(model, { maxTokens: 101 }, { textLimit: 100 }), { code: 'prompt_too_long', field: 'max_tokens', message: /at most 100/ })
  t.equal(prepare(model, { maxTokens: CANVAS }, { textLimit: 10 }).layout.blocks.length, 1, 'what fits the canvas may be asked for anyway')
})
