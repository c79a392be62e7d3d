import t from 'tap'
import { Client } from '../../../src/http/guard/client.js'

const NONE = { requestsPerMinute: undefined, positionsPerMinute: undefined, canvasesAtOnce: undefined }

t.test('without limits everything may be asked, and nothing is told', async (t) => {
  const client = new Client(NONE)
  for (let i = 0; i < 1000; i++) client.takeRequest(0)
  client.takeWork({ canvases: 1e6, positions: 1e12 }, 0)
  t.same(client.standing(0), {})
})

t.test('requests are counted, and the one too many is told when to come again', async (t) => {
  const client = new Client({ ...NONE, requestsPerMinute: 2 })
  client.takeRequest(0)
  client.takeRequest(0)
  t.throws(() => client.takeRequest(0), { code: 'rate_limited', limit: 'requests', retryAfterSeconds: 30, message: /more than 2 requests/ })
  client.takeRequest(30_000)
  t.match(client.standing(30_000), { requests: { limit: 2, remaining: 0, resetSeconds: 60 } })
})

t.test('work is taken before it runs, and what was not needed comes back', async (t) => {
  const client = new Client({ ...NONE, positionsPerMinute: 1000 })
  const price = { canvases: 2, positions: 800 }
  client.takeWork(price, 0)
  t.throws(() => client.takeWork(price, 0), {
    code: 'rate_limited', limit: 'positions', retryAfterSeconds: 36, message: /costs 800 positions .* 200 of 1000 a minute are left; wait/
  })
  client.leaveWork(price, 600, 0)
  t.match(client.standing(0), { positions: { limit: 1000, remaining: 800 } })
  client.takeWork(price, 0)
})

t.test('work that is more than a minute\'s worth is never let in, and not told to wait', async (t) => {
  const client = new Client({ ...NONE, positionsPerMinute: 1000, canvasesAtOnce: 4 })
  t.throws(() => client.takeWork({ canvases: 1, positions: 1001 }, 0),
    { limit: 'positions', retryAfterSeconds: undefined, message: /ask for fewer outputs, steps or tokens/ })
  t.throws(() => client.takeWork({ canvases: 5, positions: 1 }, 0),
    { limit: 'canvases', retryAfterSeconds: undefined, message: /fewer outputs/ })
})

t.test('canvases are held until they are left, and what is refused holds none', async (t) => {
  const client = new Client({ ...NONE, positionsPerMinute: 100, canvasesAtOnce: 4 })
  const price = { canvases: 3, positions: 10 }
  client.takeWork(price, 0)
  t.throws(() => client.takeWork({ canvases: 2, positions: 10 }, 0),
    { limit: 'canvases', retryAfterSeconds: 1, message: /3 of 4 are taken/ })
  t.throws(() => client.takeWork({ canvases: 1, positions: 95 }, 0), { code: 'rate_limited', limit: 'positions' })
  t.match(client.standing(0), { canvases: { limit: 4, remaining: 1 }, positions: { remaining: 90 } })
  client.takeWork({ canvases: 1, positions: 10 }, 0)
  client.leaveWork(price, 0, 0)
  client.takeWork(price, 0)
})
