import t from 'tap'
import { explicitSchedule, MAX_STEPS, namedSchedule, SMALLEST_STEP, timeGrid } from '../../src/diffusion/schedule.js'

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
  t.same([...namedSchedule('geometric', 11)], [...Array.from({ length: 10 }, (_, i) => 2 ** -(i + 1)), 1 / 1024])
})

t.test('a geometric schedule of any length never grows and stays at the steps that networks are trained on', async (t) => {
  for (let steps = 1; steps <= MAX_STEPS; steps++) {
    const sizes = namedSchedule('geometric', steps)
    if (!sizes.every((h, i) => h >= 1 / 1024 && h <= (sizes[i - 1] ?? 1))) t.fail(`${steps} steps: ${sizes.join(', ')}`)
    if (Math.abs(sizes.reduce((a, b) => a + b) - 1) > 1e-9) t.fail(`${steps} steps do not reach 1`)
  }
  t.same([...namedSchedule('geometric', 16)], [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, ...new Array<number>(10).fill(1 / 640)])
  t.same(namedSchedule('geometric', MAX_STEPS), namedSchedule('uniform', MAX_STEPS))
})

t.test('a list of step sizes must move t at each of them and sum to 1', async (t) => {
  t.same([...explicitSchedule([0.5, 0.25, 0.25]) ?? []], [0.5, 0.25, 0.25])
  for (const bad of [[], [0.5, 0.4], [1.5, -0.5], [0, 1], [NaN, 1], [0.5, 0.5, 1e-17], [0.5, 0.5 - 1e-6, 1e-6]]) {
    t.equal(explicitSchedule(bad), null)
  }
})

t.test('as many steps are taken as are listed, down to the smallest', async (t) => {
  const listed = [0.5, 0.5 - 3 * SMALLEST_STEP, SMALLEST_STEP, SMALLEST_STEP, SMALLEST_STEP]
  const grid = Float32Array.from(timeGrid(explicitSchedule(listed) ?? new Float64Array()))
  t.equal(grid.length, listed.length + 1)
  t.ok(grid.every((time, i) => i === 0 || time > (grid[i - 1] ?? 1)), 'each moves t, as a float32 too')
  t.ok((grid.at(-2) ?? 1) < 1 - 1e-6, 'only the last one counts as the last')
})
