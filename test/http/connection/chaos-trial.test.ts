/** The short form of `npx tsx test/trial/chaos/chaos.ts`. */
import t from 'tap'
import { chaos } from '../../trial/chaos/chaos.js'

t.test('workers that are killed, stand still or lie under load: nothing is lost, and every text is as without', async (t) => {
  const { lost, ...seen } = await chaos({ seed: 1, isOver: ({ answered, killed, stopped }) => answered >= 200 && killed >= 2 && stopped >= 1 })
  t.same(lost, [])
  t.match(seen, { rows: 0, exitCode: 0 })
  t.ok(seen.lies > 0, `${seen.lies} lies`)
})
