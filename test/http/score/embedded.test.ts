/** POST /v1/score on the models that come with the service: true texts beat the same tokens in disorder, in 8 bits as in float32. */
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Score } from '../../../src/http/score/schemas.js'
import { loadModel } from '../../../src/model/model.js'
import { Draw } from '../../support/draw.js'
import { postTo } from '../../support/client.js'
import { startTestServer } from '../../support/server.js'

const NAMES = ['fewstep-stories', 'fewstep-stories-dfm', 'fewstep-stories-llada', 'fewstep-stories-dream'] as const
const folder = (name: string): string => fileURLToPath(new URL(`../../../models/${name}`, import.meta.url))

const PASSAGES = [
  ['Once upon a time there was a little girl who had a red ball.', ' She loved to play with it in the park every day.'],
  ['The dog was very hungry, and he could not find any food.', ' Then a kind man gave him a big bone to eat.']
] as const

/** The same words, each with its space. */
function shuffled (text: string, draw: Draw): string {
  return draw.shuffled(text.match(/ \S+/g) ?? []).join('')
}

async function score (url: string, model: string, [prompt, text]: (typeof PASSAGES)[number]): Promise<Score['scores']> {
  const response = await postTo(url, '/v1/score', {
    model, prompt, continuations: [text, shuffled(text, new Draw(1)), shuffled(text, new Draw(2))], seed: 3, samples: 16
  })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return (await response.json() as Score).scores
}

const float = await startTestServer({ modelDirectories: NAMES.map(folder), precision: 'float32' })
t.teardown(float.stop)
const small = await startTestServer({ modelDirectories: [folder(NAMES[0])], precision: 'int8' })
t.teardown(small.stop)

for (const name of NAMES) {
  t.test(`${name}: a continuation is more probable than the same tokens in another order`, async (t) => {
    const { tokenizer } = await loadModel(folder(name))
    for (const passage of PASSAGES) {
      const [right, ...wrong] = await score(float.url, name, passage)
      for (const other of wrong) {
        t.same(tokenizer.encode(other.text).sort(ascending), tokenizer.encode(passage[1]).sort(ascending), 'the same tokens')
        const error = Math.hypot(right?.standard_error ?? NaN, other.standard_error)
        t.ok((right?.logprob ?? NaN) - other.logprob > 3 * error, `${right?.logprob} beats ${other.logprob} by more than chance, ${error}`)
      }
    }
  })
}

t.test('8-bit products say the same as float32, within the errors that are stated', async (t) => {
  t.equal(small.engine.stats().precision, 'int8')
  t.equal(float.engine.stats().precision, 'float32')
  for (const passage of PASSAGES) {
    const exact = await score(float.url, NAMES[0], passage)
    for (const [i, { text, logprob, standard_error: error }] of (await score(small.url, NAMES[0], passage)).entries()) {
      const { logprob: same = NaN, standard_error: otherError = NaN } = exact[i] ?? {}
      t.ok(Math.abs(logprob - same) < Math.hypot(error, otherError), `${text}: ${logprob} in 8 bits, ${same} in float32, +- ${error}`)
    }
  }
})

function ascending (a: number, b: number): number {
  return a - b
}
