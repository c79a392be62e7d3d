import t from 'tap'
import { CostCurve } from '../../src/engine/cost-curve.js'
import { warmUp, warmUpShapes } from '../../src/engine/warm-up.js'
import { startSession } from '../support/session.js'

t.test('shapes double their rows up to the largest batch, at every length, filtering or not', async (t) => {
  const shapes = warmUpShapes(64, 6)
  for (const paddedLength of [32, 64]) {
    for (const lane of ['step', 'filter']) {
      const alike = shapes.filter((shape) => shape.paddedLength === paddedLength && shape.lane === lane)
      t.same(alike.map(({ rows }) => rows), [1, 2, 4, 6])
    }
  }
})

t.test('after a warm-up steps that filter are known apart from those that do not', async (t) => {
  const session = await startSession('tiny-text')
  t.teardown(() => { session.kill() })
  const costs = new CostCurve()
  const shapes = warmUpShapes(32, 2)
  await warmUp([session], shapes, costs, Infinity)
  t.same(costs.points.map(({ rows, lane }) => [rows, lane]), [[1, 'step'], [2, 'step'], [1, 'filter'], [2, 'filter']])
})
