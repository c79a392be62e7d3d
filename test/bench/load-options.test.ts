import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Arguments } from '../../src/cli/arguments.js'
import { parseBenchOptions, type BenchCommand } from '../../src/cli/bench/bench-options.js'
import { COMMANDS } from '../../src/cli/commands.js'
import { UsageError } from '../../src/cli/usage-error.js'

function parse (...args: string[]): BenchCommand {
  return parseBenchOptions(new Arguments(COMMANDS.bench, args))
}

t.test('what is left out has a default, and the path of the server too', async (t) => {
  for (const url of [[], ['--url', 'http://127.0.0.1:8080'], ['--url', 'http://127.0.0.1:8080/v1/']]) {
    const { runs: [options, ...others], swept } = parse(...url, '--rate', '20')
    t.equal(options?.url.href, 'http://127.0.0.1:8080/v1/generate')
    t.match(options, {
      loop: { kind: 'open', arrivals: 'poisson', rate: 20 }, durationS: 30, warmupS: 0, maxTokens: [128], steps: [{ min: 8, max: 8 }], stream: false
    })
    t.same([others, swept], [[], false])
  }
  t.match(parse().runs, [{ loop: { kind: 'open', rate: 1 } }])
  t.equal(parse('--url', 'http://host/v1/completions').runs[0]?.url.pathname, '/v1/completions')
})

t.test('several rates are several runs, a closed loop is one', async (t) => {
  const { runs, swept, plot } = parse('--rates', '1,2, 4', '--steps', '8,4..32', '--plot', 'x.svg', '--good-within=500')
  t.match(runs, [1, 2, 4].map((rate) => ({ loop: { rate }, steps: [{ min: 8, max: 8 }, { min: 4, max: 32 }], goodWithinMs: 500 })))
  t.same([swept, plot], [true, 'x.svg'])
  t.match(parse('--concurrency', '4').runs, [{ loop: { kind: 'closed', concurrency: 4 } }])
})

t.test('prompts are the lines of a file', async (t) => {
  const file = join(t.testdir(), 'prompts.txt')
  await writeFile(file, 'One \n\n  Two\n')
  t.same(parse('--prompts', file).runs[0]?.prompts, ['One', 'Two'])
  await writeFile(file, '\n')
  t.throws(() => parse('--prompts', file), new UsageError(`--prompts: ${file} holds no prompt`))
})

t.test('nonsense is refused with its reason', async (t) => {
  const cases: ReadonlyArray<readonly [string[], string]> = [
    [['--url', 'ftp://host'], '--url must be an http or https URL, not ftp://host'],
    [['--rate', '1', '--concurrency', '1'], 'give one of --rate and --rates (open loop) and --concurrency (closed loop)'],
    [['--rate', '0'], '--rate must be a number from 0.001 to 100000, not 0'],
    [['--rates', '1,'], '--rates must be a number from 0.001 to 100000, not ""'],
    [['--arrivals', 'now'], '--arrivals must be one of poisson, uniform, not now'],
    [['--fast'], "Unknown option '--fast'; fewstep bench --help lists the options"],
    [['now'], 'bench takes options only, not now; the server is named by --url'],
    [['--concurrency', '1', '--plot', 'x'], '--plot draws latency against rate: list some with --rates'],
    [['--rate', '1000', '--duration', '2000'], 'that would be more than 1000000 requests: lower the rate, --duration or --warmup']
  ]
  for (const [args, message] of cases) t.throws(() => parse(...args), new UsageError(message))
})
