/** A wall clock that is set again and again, by years: nothing is due, over or refused by it. */
import { once } from 'node:events'
import t from 'tap'
import { eventsOf, failure, generate, post } from './support/client.js'
import { listening, startProcess } from './support/service-process.js'

const JUMPING = new URL('support/jumping-clock.js', import.meta.url).href
const DAY_MS = 86_400_000
const REQUESTS_A_MINUTE = 6

/** Every number of milliseconds or seconds in what was told. */
function durations (value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === 'number' && /_ms$|Ms$/.test(name) ? [each] : durations(each))
}

t.test('a service whose clock jumps answers, streams, counts and stops as ever', async (t) => {
  const child = startProcess({
    NODE_OPTIONS: `--import=${JUMPING}`,
    FEWSTEP_WARM_UP_MS: '50',
    FEWSTEP_CACHE_DIR: 'none',
    FEWSTEP_REQUESTS_PER_MINUTE: String(REQUESTS_A_MINUTE)
  })
  t.teardown(() => child.kill('SIGKILL'))
  const url = await listening(child)
  const sane = (what: string, found: readonly number[], atLeast: number): void => {
    t.ok(found.length >= atLeast && found.every((ms) => ms >= 0 && ms < DAY_MS), `${what}: ${found.join()}`)
  }

  const body = { seed: 1, max_tokens: 30, steps: 40, deadline_ms: 600_000 }
  const answer = await generate(url, body)
  sane('an answer', durations(answer), 2)
  const events = []
  for await (const { event } of eventsOf(await post(url, { ...body, stream: true }))) events.push(event)
  t.same(events, [...new Array<string>(events.length - 1).fill('step'), 'done'])
  t.same((await generate(url, { ...body, deadline_ms: undefined })).outputs, answer.outputs)

  for (let asked = 3; asked < REQUESTS_A_MINUTE; asked++) await generate(url, { max_tokens: 1, steps: 1 })
  const { status, headers } = await failure(url, { max_tokens: 1, steps: 1 })
  t.equal(status, 429, 'no year has passed, in which all would have come back')
  t.ok(Number(headers.get('retry-after')) <= 60)
  t.ok(Number(headers.get('x-ratelimit-reset-requests')) <= 60)

  const metrics = await (await fetch(`${url}/metrics`)).text()
  const seconds = [...metrics.matchAll(/^fewstep_\w*seconds(?:_sum|_total)(?:\{[^}]*\})? (\S+)$/gm)].map(([, value]) => Number(value))
  sane('metrics', seconds.map((each) => 1000 * each), 5)
  child.kill('SIGTERM')
  t.same(await once(child, 'close'), [0, null])
  const lines = child.output.stdout.trim().split('\n').map((line) => JSON.parse(line) as { readonly time: string })
  sane('the log', lines.flatMap(durations), 5)
  const times = lines.map(({ time }) => Date.parse(time))
  t.ok(Math.max(...times) - Math.min(...times) > 300 * DAY_MS, 'while its lines show that the clock does jump')
})
