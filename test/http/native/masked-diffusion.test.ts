/** LLaDA- and Dream-style models over HTTP. */
import t from 'tap'
import { MASK_PIECE } from '../../../src/model/tokenizer.js'
import { eventsOf, failure, generate, post } from '../../support/client.js'
import { fixture } from '../../support/engine.js'
import { startTestServer } from '../../support/server.js'

const NAMES = ['tiny-llada', 'tiny-dream'] as const
const server = await startTestServer({ modelDirectories: [fixture('tiny-text'), ...NAMES.map(fixture)] })
t.teardown(server.stop)
const { url } = server

t.test('they are listed without solvers, beside a model that has some', async (t) => {
  const { data } = await (await fetch(`${url}/v1/models`)).json() as { data: Array<{ id: string, algorithm: string, solvers: string[], defaults: object }> }
  t.match(data[0], { id: 'tiny-text', solvers: ['cumulative', 'euler', 'euler_exact'], defaults: { solver: 'cumulative' } })
  t.match(data.slice(1), [{ id: 'tiny-llada', algorithm: 'llada' }, { id: 'tiny-dream', algorithm: 'dream' }])
  for (const { solvers, defaults } of data.slice(1)) {
    t.same(solvers, [])
    t.notOk('solver' in defaults)
  }
})

for (const model of NAMES) {
  t.test(model, async (t) => {
    await t.test('a solver is refused, and the error says what to do', async (t) => {
      for (const stream of [false, true]) {
        t.match(await failure(url, { model, solver: 'cumulative', stream }), { status: 422, code: 'invalid_solver', field: 'solver', message: /tiny-\w+ .*leave solver out/ })
      }
    })

    await t.test('four steps fill the canvas by plan, and a token that is there stays', async (t) => {
      const tokens: number[] = []
      const pieces: string[] = []
      const masks: number[] = []
      let mask: number | undefined
      for await (const { event, data } of eventsOf(await post(url, { model, prompt: 'The cat', max_tokens: 30, steps: 4, seed: 2, temperature: 0.8, stream: true }))) {
        if (event === 'step') {
          // A mask is what every position but the first revealed ones holds.
          mask ??= data.changes.find(({ text }) => text === MASK_PIECE)?.token
          for (const { position, token, text } of data.changes) {
            const before = tokens[position]
            if (before !== undefined && before !== mask) t.equal(token, before, 'a revealed token changed')
            tokens[position] = token
            pieces[position] = text
          }
          masks.push(tokens.filter((token) => token === mask).length)
          t.equal(pieces.join(''), data.text)
        } else if (event === 'done') {
          t.equal(pieces.join(''), data.outputs[0]?.text)
          t.match(data, { model, outputs: [{ steps: 4, seed: 2 }], usage: { network_calls: 4 } })
        } else {
          t.fail('the stream failed')
        }
      }
      t.same(masks, [22, 14, 7, 0])
    })

    await t.test('the same seed gives the same answer, alone and in a crowd', async (t) => {
      const request = { model, prompt: 'Once', max_tokens: 30, steps: 5, timeline: true, confidence: true }
      const alone = []
      for (let seed = 0; seed < 4; seed++) alone.push((await generate(url, { ...request, seed })).outputs[0])
      const company = Array.from({ length: 8 }, (_, i) => generate(url, { model, prompt: 'A', max_tokens: 10 + 3 * i, top_k: i % 2, seed: i }))
      const crowd = await Promise.all(alone.map(async (_, seed) => (await generate(url, { ...request, seed })).outputs[0]))
      t.same(crowd, alone)
      t.same((await generate(url, { ...request, n: 4, seed: 0 })).outputs, alone.map((output, index) => ({ ...output, index })))
      t.notSame(alone[0]?.tokens, alone[1]?.tokens)
      await Promise.all(company)
    })

    await t.test('a template keeps its text', async (t) => {
      const { outputs } = await generate(url, { model, template: 'The [[3]] sat on [[5]].', steps: 3, n: 3, seed: 1 })
      for (const { text, gaps } of outputs) {
        t.equal(text, `The${gaps?.[0]?.text} sat on${gaps?.[1]?.text}.`)
        t.notOk(text.includes(MASK_PIECE))
      }
    })
  })
}
