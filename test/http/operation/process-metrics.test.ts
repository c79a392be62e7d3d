/** What /metrics says of the process. */
import t from 'tap'
import { ProcessMetrics } from '../../../src/http/operation/process-metrics.js'

t.test('what is costly to read is read once a second at most', async (t) => {
  let now = 5000
  const metrics = new ProcessMetrics(() => now)
  const cpu = async (): Promise<string> => /^process_cpu_seconds_total (\S+)/m.exec(await metrics.text())?.[1] ?? ''
  const first = await cpu()
  t.match(first, /^[\d.e-]+$/)
  const spent = process.cpuUsage()
  while (process.cpuUsage(spent).user < 20_000) Math.sqrt(now)
  now += 999
  t.equal(await cpu(), first)
  now += 1
  t.not(await cpu(), first)
})

t.test('readers at the same time share a reading', async (t) => {
  const metrics = new ProcessMetrics(() => 0)
  const [a, b] = await Promise.all([metrics.text(), metrics.text()])
  t.equal(a, b)
})
