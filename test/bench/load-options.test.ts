import t from 'tap'
import { UsageError } from '../../src/cli/usage-error.js'
import { parseLoadOptions } from '../../bench/load/options.js'

const URL_ARGS = ['--url', 'http://127.0.0.1:8080']

t.test('what is left out has a default, and the path of the server too', async (t) => {
  const parsed = parseLoadOptions([...URL_ARGS, '--rate', '20'])
  if (parsed === 'help') throw new Error('no help was asked for')
  t.equal(parsed.options.url.href, 'http://127.0.0.1:8080/v1/generate')
  t.match(parsed.options, {
    loop: { kind: 'open', arrivals: 'poisson', rate: 20 }, durationS: 30, warmupS: 0, maxTokens: [128], steps: [{ min: 8, max: 8 }], stream: false
  })
})

t.test('nonsense is refused with its reason', async (t) => {
  const cases: ReadonlyArray<readonly [string[], string]> = [
    [['--rate', '1'], '--url is missing: which server? --help lists the options'],
    [['--url', 'ftp://host', '--rate', '1'], '--url must be an http or https URL, not ftp://host'],
    [URL_ARGS, 'give either --rate (open loop) or --concurrency (closed loop)'],
    [[...URL_ARGS, '--rate', '1', '--concurrency', '1'], 'give either --rate (open loop) or --concurrency (closed loop)'],
    [[...URL_ARGS, '--rate', '0'], '--rate must be a number from 0.001 to 100000, not 0'],
    [[...URL_ARGS, '--rate', '1', '--arrivals', 'now'], '--arrivals must be one of poisson, uniform, not now'],
    [[...URL_ARGS, '--rate', '1', '--fast'], "Unknown option '--fast'; --help lists the options"],
    [[...URL_ARGS, '--rate', '1000', '--duration', '2000'], 'that would be more than 1000000 requests: lower --rate, --duration or --warmup']
  ]
  for (const [args, message] of cases) t.throws(() => parseLoadOptions(args), new UsageError(message))
})
