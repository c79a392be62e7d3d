import t from 'tap'
import { explicitSchedule, namedSchedule, timeGrid } from '../../src/diffusion/schedule.js'

t.test('named schedules are positive and end at 1', async (t) => {
  for (const name of ['uniform', 'geometric'] as const) {
    for (const steps of [1, 2, 3, 8, 10, 64, 1024]) {
      const sizes = namedSchedule(name, steps)
      t.equal(sizes.length, steps)
      t.ok(sizes.every((h) => h > 0), `${name} ${steps}`)
      t.ok(Math.abs(sizes.reduce((a, b) => a + b) - 1) < 1e-9)
      t.equal(timeGrid(sizes)[steps], 1)
    }
  }
})

t.test('a geometric schedule halves its steps', async (t) => {
  t.same([...namedSchedule('geometric', 4)], [0.5, 0.25, 0.125, 0.125])
})

t.test('a list of step sizes must be positive and sum to 1', async (t) => {
  t.same([...explicitSchedule([0.5, 0.25, 0.25]) ?? []], [0.5, 0.25, 0.25])
  for (const bad of [[], [0.5, 0.4], [1.5, -0.5], [0, 1]]) t.equal(explicitSchedule(bad), null)
})
