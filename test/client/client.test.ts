import t from 'tap'
import {
  AuthenticationError, ConnectionError, DeadlineError, FewstepError, Fewstep, InvalidRequestError, NotFoundError, RateLimitError,
  ServerError, type GenerateRequest, type Refinement, type StreamItem
} from '../../src/client/index.js'
import { makeKey } from '../../src/http/guard/key-line.js'
import { fixture } from '../support/engine.js'
import { generate as plainly } from '../support/client.js'
import { startTestServer } from '../support/server.js'
import { until } from '../support/until.js'

const server = await startTestServer({ modelDirectories: [fixture('tiny-text'), fixture('tiny-llada')] })
t.teardown(server.stop)
const fewstep = new Fewstep({ baseURL: server.url })

async function collect (request: GenerateRequest): Promise<StreamItem[]> {
  const items: StreamItem[] = []
  for await (const item of fewstep.stream(request)) items.push(item)
  return items
}

function refinementsOf (items: readonly StreamItem[], index = 0): Refinement[] {
  return items.filter((item): item is Refinement => item.type === 'step' && item.index === index)
}

t.test('generate() gives what the server answers, models() what it has loaded', async (t) => {
  const request = { prompt: 'The cat', max_tokens: 10, seed: 8, timeline: true, n: 2 }
  const { outputs, usage } = await fewstep.generate(request)
  const plain = await plainly(server.url, request)
  t.same({ outputs, usage }, { outputs: plain.outputs, usage: plain.usage })
  t.match(await fewstep.models(), [
    { id: 'tiny-text', max_length: 64, supports: { scoring: true, reveal_above: false } }, { id: 'tiny-llada', solvers: [], supports: { reveal_above: true } }
  ])
  for (const baseURL of [`${server.url}/`, `${server.url}/v1`, `${server.url}/v1/`]) {
    t.equal((await new Fewstep({ baseURL }).models()).length, 2, baseURL)
  }
})

t.test('each refinement is the whole canvas, its changes applied', async (t) => {
  const requests: GenerateRequest[] = [
    { prompt: 'The cat', max_tokens: 30, n: 3, seed: 3, confidence: true, timeline: true },
    { model: 'tiny-llada', max_tokens: 20, steps: 6, seed: 1, stop: ['e'], confidence: true, timeline: true },
    { template: 'A [[8]] ü [[3]]!', n: 2, seed: 4, confidence: true, timeline: true }
  ]
  for (const request of requests) {
    const items = await collect(request)
    const done = items.at(-1)
    if (done?.type !== 'done') throw new Error('the stream does not end with its result')
    for (const { index, text, tokens: ids, timeline = [], confidence = [], steps } of done.generation.outputs) {
      const refinements = refinementsOf(items, index)
      t.equal(refinements.length, steps)
      t.same(refinements.map(({ step }) => step), Array.from({ length: steps }, (_, i) => i + 1))
      let before: Refinement | undefined
      for (const refinement of refinements) {
        const { tokens, changed, event } = refinement
        t.equal(tokens.map(({ text }) => text).join(''), event.text)
        t.equal(refinement.text, event.text)
        t.same(changed, event.changes.map(({ position }) => position))
        t.same(tokens.map(({ confidence }) => confidence), event.confidence)
        t.equal(refinement.confidence?.length, tokens.length)
        t.ok(refinement.atMs >= (before?.atMs ?? 0))
        const moved = new Set(changed)
        tokens.forEach(({ id, text }, i) => {
          if (!moved.has(i)) t.match(before?.tokens[i], { id, text }, 'what did not change stands as before')
        })
        before = refinement
      }
      t.equal(before?.text, text)
      // What was cut off has no text, but it is on the canvas.
      const kept = before?.tokens.filter((_, i) => i < ids.length) ?? []
      if (request.template === undefined) {
        t.same(kept.map(({ id }) => id), ids)
        t.same(kept.map(({ confidence }) => confidence), confidence)
        t.same(kept.map(({ changedAt }) => changedAt), timeline, 'the last changes are where the server has them')
      }
      t.notOk(before?.tokens.some(({ masked }) => masked), 'nothing is masked at the end')
    }
  }
})

t.test('masked and given positions are told apart from text that looks like them', async (t) => {
  const items = await collect({ model: 'tiny-llada', template: 'A ░ [[8]]!', steps: 4, seed: 2 })
  const [first, ...rest] = refinementsOf(items)
  t.ok(first?.tokens.filter(({ given }) => given).every(({ masked, changedAt }) => !masked && changedAt === 0))
  t.equal(first?.tokens.filter(({ given }) => !given).length, 8)
  t.equal(first?.tokens.filter(({ masked }) => masked).length, 6, 'two of eight are revealed in each of four steps')
  t.equal(rest.at(-1)?.tokens.filter(({ given, changedAt }) => !given && changedAt > 0).length, 8)
  t.equal(first?.confidence, undefined)
})

t.test('what does not change is the same object, and a position has a history', async (t) => {
  const stream = fewstep.stream({ prompt: 'The cat', max_tokens: 12, steps: 6, seed: 5 })
  const { outputs: [output] } = await stream.result()
  const [canvas] = stream.canvases.all
  const states = canvas?.states ?? []
  t.equal(states.length, 6)
  for (const [i, { tokens }] of states.entries()) {
    const before = states[i - 1]
    const changed = new Set(states[i]?.changed)
    tokens.forEach((token, position) => { t.equal(token === before?.tokens[position], !changed.has(position)) })
  }
  const history = canvas?.history(0) ?? []
  t.same(history.map(({ step }) => step), [1, 2, 3, 4, 5, 6])
  t.equal(history.at(-1)?.id, output?.tokens[0] ?? history.at(-1)?.id)
  t.same(canvas?.history(999), [])
})

t.test('errors are of a class, and say code, field, status and request id', async (t) => {
  const thrown = async (request: GenerateRequest, client = fewstep): Promise<FewstepError> => {
    const errors = await Promise.all([client.generate(request), client.stream(request).result()].map(async (call) => {
      const error = await call.then(() => undefined, (error: unknown) => error)
      if (!(error instanceof FewstepError)) throw new Error(`not one of ours: ${String(error)}`)
      return error
    }))
    t.equal(errors[0]?.message, errors[1]?.message, 'as a stream and as a whole')
    return errors[0]!
  }
  const cases = [
    { request: { steps: 0 }, Class: InvalidRequestError, facts: { code: 'invalid_request', field: 'steps', status: 400 } },
    { request: { schedule: [0.5] }, Class: InvalidRequestError, facts: { code: 'invalid_schedule', status: 422 } },
    { request: { model: 'other' }, Class: NotFoundError, facts: { code: 'model_not_found', field: 'model', status: 404 } }
  ]
  for (const { request, Class, facts } of cases) {
    const error = await thrown(request)
    t.ok(error instanceof Class, facts.code)
    t.match(error, { ...facts, name: Class.name, message: /./, requestId: /^[\w-]{8,}$/ })
  }
  const elsewhere = new Fewstep({ baseURL: `${server.url}/prefix` })
  t.ok(await thrown({}, elsewhere) instanceof NotFoundError)
  await t.rejects(elsewhere.models(), { code: 'not_found' })
})

t.test('a key is sent, and a wrong one is an AuthenticationError', async (t) => {
  const key = makeKey()
  const guarded = await startTestServer({ apiKeys: [`alice:${key}`] })
  t.teardown(guarded.stop)
  t.equal((await new Fewstep({ baseURL: guarded.url, apiKey: key }).models()).length, 1)
  for (const apiKey of [undefined, '', `${key}x`]) {
    const error = await new Fewstep({ baseURL: guarded.url, apiKey }).models().then(() => undefined, (error: unknown) => error)
    t.ok(error instanceof AuthenticationError)
    t.match(error, { code: 'invalid_api_key', status: 401 })
  }
})

t.test('a full queue is a RateLimitError once the retries are used up, and what fails in a stream is thrown there', async (t) => {
  const small = await startTestServer({ maxQueue: 1 })
  t.teardown(small.stop)
  const client = new Fewstep({ baseURL: small.url, maxRetries: 0 })
  const [worker = 0] = small.engine.workerPids
  process.kill(worker, 'SIGSTOP')
  const late = client.stream({ max_tokens: 4, steps: 2, deadline_ms: 50 }).result().then(() => undefined, (error: unknown) => error)
  await until(() => small.engine.stats().generations === 1)
  const refused = await client.generate({ max_tokens: 4 }).then(() => undefined, (error: unknown) => error)
  t.ok(refused instanceof RateLimitError)
  t.match(refused, { code: 'queue_full', status: 429, retryAfterMs: Number })
  const error = await late
  process.kill(worker, 'SIGCONT')
  t.ok(error instanceof DeadlineError)
  t.match(error, { code: 'deadline_exceeded', status: undefined, requestId: /./ }, 'its stream had begun with status 200')
})

t.test('an aborted call throws the signal\'s reason and gives up its place in the engine', async (t) => {
  const long = { n: 2, steps: 1024, max_tokens: 60 }
  for (const call of ['generate', 'stream', 'loop'] as const) {
    const controller = new AbortController()
    const reason = new Error(`enough of ${call}`)
    const running = call === 'generate'
      ? fewstep.generate(long, { signal: controller.signal })
      : call === 'stream'
        ? fewstep.stream(long, { signal: controller.signal }).result()
        : (async () => { for await (const { type } of fewstep.stream(long, { signal: controller.signal })) t.equal(type, 'step') })()
    await until(() => server.engine.stats().runningRows > 0)
    controller.abort(reason)
    t.equal(await running.then(() => undefined, (error: unknown) => error), reason)
    await until(() => server.engine.stats().generations === 0)
  }
  await t.rejects(fewstep.generate({}, { signal: AbortSignal.abort(new Error('never')) }), { message: 'never' })
})

t.test('leaving the loop cancels the generation', async (t) => {
  const stream = fewstep.stream({ n: 2, steps: 1024, max_tokens: 60 })
  const items = stream[Symbol.asyncIterator]()
  t.match(await items.next(), { value: { type: 'step' } })
  // What a loop does that is left early.
  await items.return()
  await until(() => server.engine.stats().generations === 0)
  await t.rejects(stream.result(), { name: 'ConnectionError', code: 'stream_broken' })
})

t.test('nobody listens: a ConnectionError that says where', async (t) => {
  const error = await new Fewstep({ baseURL: 'http://127.0.0.1:1', maxRetries: 0 }).models().then(() => undefined, (error: unknown) => error)
  t.ok(error instanceof ConnectionError && !(error instanceof ServerError))
  t.match(error, { code: 'connection_failed', status: undefined, message: /no answer from http:\/\/127\.0\.0\.1:1: / })
})
