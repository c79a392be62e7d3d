import t from 'tap'
import { plannedSteps, type Pressure } from '../../src/engine/step-budget.js'

const IDLE: Pressure = { load: 0.5, slackMs: Infinity, stepMs: 10 }
const BUDGET = { min: 4, max: 32 }

t.test('an elastic budget', async (t) => {
  const cases = [
    { says: 'is used whole while nobody waits', taken: 0, pressure: IDLE, plan: { steps: 32, reason: 'full' } },
    { says: 'is used whole at exactly full load', taken: 0, pressure: { load: 1 }, plan: { steps: 32, reason: 'full' } },
    { says: 'is shared out under load', taken: 0, pressure: { load: 2 }, plan: { steps: 16, reason: 'load' } },
    { says: 'never falls below its minimum', taken: 0, pressure: { load: 100 }, plan: { steps: 4, reason: 'load' } },
    { says: 'grows again when the load goes', taken: 3, pressure: IDLE, plan: { steps: 32, reason: 'full' } },
    { says: 'ends with the next step where the load leaves nothing more', taken: 20, pressure: { load: 4 }, plan: { steps: 21, reason: 'load' } },
    { says: 'fits into the time left', taken: 2, pressure: { slackMs: 100 }, plan: { steps: 10, reason: 'deadline' } },
    { says: 'obeys what presses more', taken: 0, pressure: { load: 4, slackMs: 200 }, plan: { steps: 8, reason: 'load' } },
    { says: 'takes its minimum when the time is over', taken: 0, pressure: { slackMs: -5 }, plan: { steps: 4, reason: 'deadline' } },
    { says: 'takes one step more when even the minimum is taken', taken: 9, pressure: { slackMs: -5 }, plan: { steps: 10, reason: 'deadline' } },
    { says: 'is used whole where nothing is known of the cost', taken: 0, pressure: { slackMs: 1, stepMs: 0 }, plan: { steps: 32, reason: 'full' } },
    { says: 'counts its last step as whole', taken: 31, pressure: { load: 9 }, plan: { steps: 32, reason: 'full' } }
  ]
  for (const { says, taken, pressure, plan } of cases) t.same(plannedSteps(BUDGET, taken, { ...IDLE, ...pressure }), plan, says)
})

t.test('of one number is that number whatever presses', async (t) => {
  for (const load of [0, 1, 50]) {
    for (const slackMs of [-1, 0, 1000, Infinity]) t.match(plannedSteps({ min: 8, max: 8 }, 3, { load, slackMs, stepMs: 10 }), { steps: 8, reason: 'full' })
  }
})

t.test('followed to its end takes between min and max steps, whatever presses on the way', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    let taken = 0
    let planned
    do {
      // Any pressure will do; this one is made of two incommensurable sequences.
      const load = 6 * ((seed * 0.618 + taken * 0.414) % 1)
      const slackMs = 900 * ((seed * 0.732 + taken * 0.236) % 1)
      planned = plannedSteps(BUDGET, taken, { load, slackMs, stepMs: 10 })
      taken++
    } while (taken < planned.steps)
    t.ok(taken >= BUDGET.min && taken <= BUDGET.max, `${taken} steps`)
  }
})
