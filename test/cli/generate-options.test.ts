import t from 'tap'
import { parseGenerateOptions } from '../../src/cli/generate-options.js'
import { UsageError } from '../../src/cli/usage-error.js'

t.test('options become a request; what is not given is left to the model', async (t) => {
  const { request, ...rest } = parseGenerateOptions(['Once'])
  t.same(rest, {
    view: 'live',
    json: false,
    color: true,
    model: undefined,
    url: undefined,
    apiKey: undefined,
    record: undefined,
    fromInput: false,
    help: false
  })
  t.strictSame(request, { prompt: 'Once' })
  t.match(parseGenerateOptions([
    '--steps', '4', '--max-tokens=32', '--seed', '0', '-n', '3', '--temperature', '0', '--top-k', '40', '--top-p', '.9',
    '--block-length', '16', '--schedule', '0.5, 0.25,0.25', '--solver', 'euler_exact', '--jumps', 'independent', '--reveal-above', '0.9', '--stop', 'a', '--stop', 'b', '--model', 'dir', '--no-color', '--', '--odd prompt'
  ]), {
    request: {
      prompt: '--odd prompt',
      steps: 4,
      max_tokens: 32,
      block_length: 16,
      seed: 0,
      n: 3,
      temperature: 0,
      top_k: 40,
      top_p: 0.9,
      schedule: [0.5, 0.25, 0.25],
      solver: 'euler_exact',
      jumps: 'independent',
      reveal_above: 0.9,
      stop: ['a', 'b']
    },
    model: 'dir',
    color: false
  })
})

t.test('steps may be elastic, and a server is asked by its names', async (t) => {
  t.strictSame(parseGenerateOptions(['--steps', '4..32']).request, { steps: { min: 4, max: 32 } })
  t.strictSame(parseGenerateOptions(['--steps=4-32']).request, { steps: { min: 4, max: 32 } })
  t.strictSame(parseGenerateOptions(['--steps', '8..8', '--stop-when-stable']).request, { steps: 8, stop_when_stable: true })
  t.match(parseGenerateOptions(['-', '--url', 'https://host/prefix', '--model', 'a/b', '--api-key', 'k', '--record', 'r.json', '--view', 'timeline']), {
    request: { model: 'a/b' }, model: undefined, url: 'https://host/prefix', apiKey: 'k', record: 'r.json', view: 'timeline', fromInput: true
  })
})

t.test('a wrong option is named', async (t) => {
  const cases = [
    { args: ['--steps'], says: /'--steps <value>' argument missing/ },
    { args: ['--steps', 'many'], says: /^--steps must be an integer from 1 to 1024, not many$/ },
    { args: ['--steps', '2.5'], says: /^--steps / },
    { args: ['--steps', ''], says: /^--steps must be an integer from 1 to 1024, not ""$/ },
    { args: ['--steps', '--seed', '3'], says: /^--steps must be an integer from 1 to 1024, not --seed$/ },
    { args: ['--max-tokens', '0'], says: /^--max-tokens must be an integer from 1, not 0$/ },
    { args: ['--seed', '9007199254740992'], says: /^--seed must be an integer from 0 to 9007199254740991, not 9007199254740992$/ },
    { args: ['-n', '17'], says: /^-n must be an integer from 1 to 16/ },
    { args: ['--temperature', '3'], says: /^--temperature must be a number from 0 to 2, not 3$/ },
    { args: ['--temperature=-1'], says: /^--temperature / },
    { args: ['--top-k', '-1'], says: /^--top-k must be an integer from 0 to 2147483647, not -1$/ },
    { args: ['--top-k', '2147483648'], says: /^--top-k / },
    { args: ['-n', '-1'], says: /^-n must be an integer from 1 to 16, not -1$/ },
    { args: ['--model', ''], says: /^--model must name a folder, not ""$/ },
    { args: ['--model', ' '], says: /^--model must name a folder, not " "$/ },
    { args: ['--reveal-above', '1'], says: /^--reveal-above must be more than 0 and less than 1, not 1$/ },
    { args: ['--top-p', '0'], says: /^--top-p / },
    { args: ['--top-p', '1.1'], says: /^--top-p / },
    { args: ['--solver', 'heun'], says: /^--solver must be one of cumulative, euler, euler_exact, not heun$/ },
    { args: ['--schedule', 'linear'], says: /^--schedule must be one of uniform, geometric, tuned, not linear$/ },
    { args: ['--schedule', '0.5,,0.5'], says: /^--schedule / },
    { args: ['--solver', ''], says: /^--solver must be one of cumulative, euler, euler_exact, not ""$/ },
    { args: ['--stop', ''], says: /^--stop must have 1 to 64 characters$/ },
    { args: ['--stop=a', '--stop=b', '--stop=c', '--stop=d', '--stop=e'], says: /^--stop may be given 4 times, not 5$/ },
    { args: ['Once', 'upon'], says: /put quotes around it/ },
    { args: ['Once', '--template', '[[2]]'], says: /exclude each other/ },
    { args: ['--template', '[[2]]', '--block-length', '2'], says: /--block-length does not go with --template/ },
    { args: ['--template', '[[2]]', '--max-tokens', '2'], says: /--max-tokens does not go with --template/ },
    { args: ['--steps', '32..4'], says: /^--steps must be an integer from 32 to 1024, not 4$/ },
    { args: ['--steps', '4..'], says: /^--steps must be an integer from 1 to 1024, not 4\.\.$/ },
    { args: ['--view', 'paper'], says: /^--view must be one of live, timeline, confidence, plain, not paper$/ },
    { args: ['--url', 'localhost:8080'], says: /^--url must be an http or https URL, not localhost:8080$/ },
    { args: ['--api-key', 'k'], says: /^--api-key is for a server/ },
    { args: ['--record', ''], says: /^--record must name a file, not ""$/ },
    { args: ['--colour'], says: /Unknown option '--colour'/ }
  ]
  for (const { args, says } of cases) t.throws(() => parseGenerateOptions(args), { constructor: UsageError, message: says }, args.join(' '))
})
