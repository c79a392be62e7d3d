import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatGoal, isMet } from '../../bench/figures/figure.js'
import { FIGURES } from '../../bench/figures/index.js'
import { sideBySide } from '../../bench/lib/measure.js'
import { readResults, writeFigure } from '../../bench/lib/results.js'
import { readCosts } from '../../bench/simulate/costs.js'

t.test('results are merged figure by figure', async (t) => {
  const file = join(t.testdir(), 'results.json')
  t.same(readResults(file), { figures: {} })
  writeFigure(file, 'second', { value: 2, detail: { stepMs: 3 } })
  writeFigure(file, 'first', { value: 1 })
  writeFigure(file, 'second', { value: 4, detail: { stepMs: 5 } })
  t.same(JSON.parse(readFileSync(file, 'utf8')), { figures: { first: { value: 1 }, second: { value: 4, detail: { step_ms: 5 } } } })
  t.notOk(existsSync(`${file}.new`))
})

t.test('a file of something else is not overwritten', async (t) => {
  const file = join(t.testdir({ 'results.json': '{"scripts": {}}' }), 'results.json')
  t.throws(() => { writeFigure(file, 'first', { value: 1 }) }, new Error(`${file} holds no results`))
})

t.test('the simulator takes its step costs from the results, or from a list', async (t) => {
  const points = [{ rows: 1, paddedLength: 128, ms: 5 }, { rows: 3, paddedLength: 128, ms: 9 }]
  const folder = t.testdir({ 'list.json': '[{"rows": 1, "padded_length": 64, "ms": 2}]', 'empty.json': '{}' })
  writeFigure(join(folder, 'results.json'), 'step_costs', { detail: { points } })
  t.equal(readCosts(join(folder, 'results.json')).estimate(2, 128), 7)
  t.equal(readCosts(join(folder, 'list.json')).estimate(1, 64), 2)
  t.throws(() => readCosts(join(folder, 'empty.json')), /holds neither a list of step costs nor the figure step_costs/)
})

t.test('goals have a direction', async (t) => {
  t.same([formatGoal({ atMost: 1.1 }), formatGoal({ atLeast: 2 }), formatGoal(undefined)], ['≤ 1.1', '≥ 2', '–'])
  t.same([isMet({ atMost: 1.1 }, 1.1), isMet({ atMost: 1.1 }, 1.2), isMet({ atLeast: 2 }, 1.9)], [true, false, false])
  t.equal(isMet(undefined, 1), undefined)
})

t.test('figures have names of their own, in the spelling of JSON', async (t) => {
  const names = FIGURES.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const name of names) t.match(name, /^[a-z][a-z0-9_]*$/)
})

t.test('side by side, who begins changes from round to round, and ratios are taken within a round', async (t) => {
  const order: string[] = []
  let clock = 0
  const work = (name: string, durations: number[]) => () => {
    order.push(name)
    clock += durations.shift() ?? NaN
  }
  // The machine gets ten times slower in the last round: both do, and the ratio stays.
  const first = work('a', [100, 2, 4, 30])
  const second = work('b', [100, 1, 2, 10])
  const ratio = await sideBySide(first, second, { rounds: 3, warmUpRounds: 1, now: () => clock })
  t.same(order, ['b', 'a', 'a', 'b', 'b', 'a', 'a', 'b'])
  t.same(ratio, { value: 2, spread: { low: 2, high: 3 }, firstMs: 4, secondMs: 2 })
})
