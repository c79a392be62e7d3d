/** What the page shows, as a function of what happened. */
import t from 'tap'
import { INITIAL, reduce, speedOf, type Action, type State } from '../../web/state.js'
import { framesOf, newLane, refinementsAt, withItem, type Lane } from '../../web/take.js'
import { itemsOf } from '../support/take.js'

const FOUR = itemsOf([['░', '░'], ['a', '░'], ['a', ' b'], ['c', ' b']])
const lane = (items = FOUR): Lane => items.reduce(withItem, newLane({}))
const after = (...actions: Action[]): State => actions.reduce(reduce, INITIAL)
const OPENED: Action = { type: 'opened', lanes: [lane()] }

t.test('while it runs the newest refinement is shown; at the end nothing is marked', async (t) => {
  const began = after({ type: 'began', lanes: [newLane({})] })
  t.match(began, { running: true, frame: 0, resting: false })
  const [first, second] = FOUR
  const running = [first!, second!].reduce((state, item) => reduce(state, { type: 'arrived', lane: 0, item }), began)
  t.match(running, { running: true, frame: 2 })
  t.match(reduce(running, { type: 'ended' }), { running: false, frame: 2, resting: true })
})

t.test('a replay shows each refinement when it came, at its speed, and rests at the end', async (t) => {
  let state = after(OPENED, { type: 'sped', speed: 1 / 2 }, { type: 'played' })
  t.match(state, { playing: true, frame: 0 }, 'it begins anew where it was at the end')
  const seen = []
  for (let i = 0; i < 5; i++) {
    state = reduce(state, { type: 'passed', ms: 20 })
    seen.push(state.frame)
  }
  t.same(seen, [1, 2, 3, 4, 4])
  t.match(state, { playing: true, resting: false }, 'the marks of the last one stay for a moment')
  t.match(reduce(state, { type: 'passed', ms: 700 }), { playing: false, resting: true, frame: 4 })
})

t.test('a replay goes on where it was paused', async (t) => {
  const paused = after(OPENED, { type: 'sought', frame: 2 }, { type: 'played' }, { type: 'sped', speed: 1 }, { type: 'passed', ms: 9 }, { type: 'paused' })
  t.match(paused, { playing: false, frame: 2 })
  t.equal(after(OPENED, { type: 'sought', frame: 2 }, { type: 'sped', speed: 1 }, { type: 'played' }, { type: 'passed', ms: 10 }).frame, 3)
})

t.test('seeking stays within what was recorded and stops a replay', async (t) => {
  for (const [frame, expected] of [[-1, 0], [2, 2], [99, 4], [Infinity, 4]] as const) {
    t.match(after(OPENED, { type: 'played' }, { type: 'sought', frame }), { frame: expected, playing: false, resting: false })
  }
})

t.test('nothing is played while there is nothing, or while it runs', async (t) => {
  t.notOk(after({ type: 'played' }).playing)
  t.notOk(after({ type: 'began', lanes: [lane()] }, { type: 'played' }).playing)
})

t.test('a speed that nobody chose is slow enough to be followed', async (t) => {
  t.equal(speedOf(after(OPENED)), 1 / 64, '40 ms')
  t.equal(speedOf(after(OPENED, { type: 'sped', speed: 2 })), 2)
  const slow = { ...lane(), refinements: lane().refinements.map((each) => ({ ...each, atMs: each.atMs * 100 })) }
  t.equal(speedOf(after({ type: 'opened', lanes: [slow] })), 1, 'four seconds are shown as they were')
})

t.test('refinements of two lanes come in the order of their times', async (t) => {
  const two = lane(FOUR.slice(0, 2))
  const late = { ...two, refinements: two.refinements.map((each) => ({ ...each, atMs: each.atMs + 5 })) }
  const lanes = [lane(), late]
  t.same(framesOf(lanes).map(({ lane }) => lane), [0, 1, 0, 1, 0, 0])
  t.same(refinementsAt(lanes, 3), [2, 1])
  t.same(refinementsAt(lanes, 6), [4, 2])
})
