/**
 * The seed decides whole texts, too: templates with choices, texts in blocks, thresholds, schedules; property-tested over random
 * requests, alone, and all at once on workers of which some die.
 */
import t from 'tap'
import type { Engine } from '../../src/engine/engine.js'
import { decideChoices, generateText, prepare, scoreText, type TextOutput, type TextRequest } from '../../src/generation/index.js'
import { loadModel, type Model } from '../../src/model/model.js'
import { Draw } from '../support/draw.js'
import { fixture, startEngine } from '../support/engine.js'

const CASES = 30
const WORDS = ['cat', 'dog', 'old fox', 'ran', 'sat', 'is', 'and', 'no'] as const
/** Of a flow model: of 2 steps on demand, of 4 for whoever names none. */
const SCHEDULES = { 2: { step_sizes: [0.7, 0.3], clearly_better: false }, 4: { step_sizes: [0.1, 0.2, 0.3, 0.4], clearly_better: true } }

function anyChoices (draw: Draw): string {
  return `[[${draw.shuffled(WORDS).slice(0, draw.integer(2, 3)).join('|')}]]`
}

function anyText (draw: Draw): TextRequest {
  const template = [draw.of(WORDS), anyChoices(draw), draw.of(['', `[[${draw.integer(1, 4)}]]`]), draw.of(['', anyChoices(draw)])]
  return draw.of<() => TextRequest>([
    () => ({ template: template.filter((part) => part !== '').join(' ') }),
    () => ({ prompt: draw.of(WORDS), maxTokens: draw.integer(65, 100), blockLength: draw.integer(16, 32) }),
    () => ({ prompt: draw.of(WORDS), maxTokens: draw.integer(8, 40), blockLength: draw.of([undefined, 8]), stop: ['e'] })
  ])()
}

/** Of as many steps as they are tuned for; or none, and tokens that jump as by default or otherwise. */
function anyFlow (draw: Draw): TextRequest {
  return draw.of<() => TextRequest>([
    () => ({ steps: draw.of([2, 4]), schedule: 'tuned' }),
    () => ({ schedule: draw.of([undefined, 'uniform', 'geometric']) }),
    () => ({ jumps: draw.of(['independent', 'spread']) })
  ])()
}

function anyRequest (draw: Draw, revealsSure: boolean): TextRequest {
  return {
    ...anyText(draw),
    seed: draw.integer(0, 2 ** 40),
    n: draw.integer(1, 2),
    steps: draw.integer(1, 4),
    temperature: draw.of([0, 0.7, 1]),
    ...(revealsSure ? { revealAbove: draw.of([undefined, 0.03, 0.2]) } : anyFlow(draw))
  }
}

/** @param onPart called whenever something of it is done */
async function outcome (engine: Engine, model: Model, request: TextRequest, onPart?: () => void): Promise<readonly TextOutput[]> {
  const decided = await decideChoices(model, request, {
    id: 'test',
    score: async (scoring) => {
      const result = await scoreText(engine, scoring)
      onPart?.()
      return result
    }
  })
  const { outputs } = await generateText(engine, prepare(model, { ...request, decided }))
  onPart?.()
  return outputs
}

for (const [i, name] of (['tiny-text', 'tiny-llada'] as const).entries()) {
  t.test(name, async (t) => {
    const loaded = await loadModel(fixture(name))
    const model = name === 'tiny-text' ? { ...loaded, manifest: { ...loaded.manifest, schedules: SCHEDULES } } : loaded
    const draw = new Draw(i + 11)
    const requests = Array.from({ length: CASES }, () => anyRequest(draw, name === 'tiny-llada'))
    const reference = await startEngine(name, { model, maxBatch: 1 })
    t.teardown(() => reference.close())
    const alone: Array<readonly TextOutput[]> = []
    for (const request of requests) alone.push(await outcome(reference, model, request))
    const outputs = alone.flat()
    t.ok(outputs.some(({ gaps = [] }) => gaps.filter(({ choices }) => choices !== undefined).length === 2), 'some have two gaps of choices')
    t.ok(outputs.some(({ blocks = 0 }) => blocks > 2), 'some have blocks')
    if (name === 'tiny-text') {
      t.ok(requests.some(({ schedule }) => schedule === 'tuned'), 'some ask for a tuned schedule')
      t.ok(requests.some(({ schedule, jumps, steps }) => schedule === undefined && jumps === undefined && steps === 4), 'some get one by default')
    } else {
      const sooner = requests.some(({ revealAbove, steps }, i) => revealAbove !== undefined && (alone[i]?.[0]?.steps ?? 0) < Number(steps))
      t.ok(sooner, 'some are done sooner by their threshold')
    }

    const engine = await startEngine(name, { model, workers: 2, maxBatch: 4 })
    t.teardown(() => engine.close())
    let parts = 0
    let deaths = 0
    const crowd = await Promise.all(draw.shuffled([...requests.entries()]).map(async ([i, request]) => {
      const result = await outcome(engine, model, request, () => {
        const [pid] = engine.workerPids
        if (++parts % 12 === 4 && deaths < 2 && pid !== undefined) deaths += Number(process.kill(pid, 'SIGKILL'))
      })
      return { i, result }
    }))
    t.equal(deaths, 2)
    for (const { i, result } of crowd) t.same(result, alone[i], JSON.stringify(requests[i]))
  })
}
