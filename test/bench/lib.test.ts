import t from 'tap'
import { UsageError } from '../../src/cli/usage-error.js'
import { integer, list, stepRange } from '../../bench/lib/options.js'
import { snakeCase } from '../../src/cli/bench/snake-case.js'
import { median, percentile, quantiles, spread } from '../../src/load/statistics.js'
import { digits, formatTable } from '../../src/cli/bench/table.js'

t.test('percentiles lie between the values, the median of an even sample in the middle of two', async (t) => {
  t.equal(median([9, 1, 4, 2]), 3)
  t.equal(percentile([10, 20, 30, 40, 50], 90), 46)
  t.same(spread([3, 1, 2]), { low: 1, high: 3 })
  t.same(quantiles([5]), { p50: 5, p90: 5, p95: 5, p99: 5, max: 5 })
  t.equal(quantiles([]), null)
})

t.test('a table lines its columns up, names to the left and numbers to the right', async (t) => {
  t.equal(formatTable(['', 'ms'], [['a step', '1.5'], ['b', '10']]), [
    '         ms',
    'a step  1.5',
    'b        10',
    ''
  ].join('\n'))
})

t.test('numbers have three digits', async (t) => {
  t.same([0.012345, 1.2345, 12.345, 1234.5, 0, null, NaN].map(digits), ['0.0123', '1.23', '12.3', '1235', '0', '–', '–'])
})

t.test('names become snake_case in JSON; what is no name stays', async (t) => {
  t.same(snakeCase({ p50: 1, latencyMs: [{ meanSteps: 2 }], ECONNREFUSED: 3, paddedLength: null }),
    { p50: 1, latency_ms: [{ mean_steps: 2 }], ECONNREFUSED: 3, padded_length: null })
})

t.test('options say what is wrong with a value', async (t) => {
  t.same(list('1, 2', (item) => integer('-n', item, { min: 1, max: 9 })), [1, 2])
  t.same(stepRange('--steps', '4-32', 1024), { min: 4, max: 32 })
  t.same(stepRange('--steps', '8', 1024), { min: 8, max: 8 })
  t.throws(() => stepRange('--steps', '8-4', 1024), new UsageError('--steps must be an integer from 8 to 1024, not 4'))
  t.throws(() => integer('--rate', '', { min: 1, max: 9 }), new UsageError('--rate must be an integer from 1 to 9, not '))
})
