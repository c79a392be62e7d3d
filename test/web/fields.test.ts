/** Between the form, requests and links. */
import t from 'tap'
import { EMPTY, toFields, toRequests, usualSchedule, type Fields } from '../../web/fields.js'
import { fromFragment, toFragment } from '../../web/share.js'
import { hasGap, partsOf } from '../../web/template.js'

const requestOf = (fields: Partial<Fields>): Record<string, unknown> => ({ ...toRequests({ ...EMPTY, ...fields })[0] })

t.test('what is left empty is left to the model', async (t) => {
  t.same(requestOf({}), { prompt: '' })
  t.same(requestOf({ text: 'The cat', steps: ' 8 ', length: '40', temperature: '0,7', seed: '7', solver: 'euler', jumps: 'spread', model: 'm' }),
    { prompt: 'The cat', steps: 8, max_tokens: 40, temperature: 0.7, seed: 7, solver: 'euler', jumps: 'spread', model: 'm' })
})

t.test('steps are a number or a range, however it is written', async (t) => {
  for (const range of ['4-16', '4–16', '4..16', ' 4 - 16', '4 to 16']) t.same(requestOf({ steps: range })['steps'], { min: 4, max: 16 }, range)
})

t.test('rarer options go as they stand, and blocks not with a template', async (t) => {
  t.same(requestOf({ block: '64', reveal: '0.9', priority: '-3' }), { prompt: '', block_length: 64, reveal_above: 0.9, priority: -3 })
  t.same(requestOf({ text: 'a [[4]]', block: '64' }), { template: 'a [[4]]' })
})

t.test('what is no number goes as it is, for the server to say what it should be', async (t) => {
  t.match(requestOf({ steps: 'many', seed: '1e', length: '4.5' }), { steps: 'many', seed: '1e', max_tokens: 4.5 })
})

t.test('a text with gaps is a template, whose gaps say its length', async (t) => {
  t.same(requestOf({ text: 'The [[4]] sat.', length: '40' }), { template: 'The [[4]] sat.' })
  t.same(partsOf('The [[4]] sat[[12]]'), ['The ', { gap: 4 }, ' sat', { gap: 12 }])
  t.same(partsOf('A [[red|blue]] cat'), ['A ', { choices: '[[red|blue]]' }, ' cat'])
  t.ok(hasGap('A [[red|blue]] cat'))
  t.notOk(hasGap('[[a]] [4] [[]]'))
})

t.test('a schedule is a name or sizes; stop strings are one a line', async (t) => {
  t.match(requestOf({ schedule: '0.5, 0.25 0.25', stop: '\\n\\n\nThe end' }), { schedule: [0.5, 0.25, 0.25], stop: ['\n\n', 'The end'] })
  t.match(requestOf({ schedule: 'geometric' }), { schedule: 'geometric' })
})

t.test('the form shows the schedule that a request gets which names none', async (t) => {
  const defaults = { steps: 8, temperature: 1, top_k: 0, top_p: 1, schedule: 'uniform', solver: 'cumulative', jumps: 'spread' } as const
  const sizes = (steps: number): number[] => new Array<number>(steps).fill(1 / steps)
  const tuned = [{ steps: 4, step_sizes: sizes(4), default: false }, { steps: 8, step_sizes: sizes(8), default: true }]
  const card = { defaults, tuned_schedules: tuned }
  const shown = (fields: Partial<Fields>): string => usualSchedule(card, { ...EMPTY, ...fields })
  t.same([shown({}), shown({ steps: '8 ' }), shown({ jumps: 'spread' })], ['tuned', 'tuned', 'tuned'])
  t.same([shown({ steps: '4' }), shown({ steps: '9' }), shown({ steps: '4–8' })], ['uniform', 'uniform', 'uniform'])
  t.same([shown({ jumps: 'independent' }), shown({ solver: 'euler' })], ['uniform', 'uniform'], 'it was searched for with other ones')
  t.equal(usualSchedule({ defaults }, EMPTY), 'uniform')
})

t.test('two that are compared differ in their budgets, or models', async (t) => {
  t.same(toRequests({ ...EMPTY, text: 'a', steps: '4', model: 'one', compare: 'on', steps2: '32' }),
    [{ prompt: 'a', steps: 4, model: 'one' }, { prompt: 'a', steps: 32, model: 'one' }])
  t.same(toRequests({ ...EMPTY, text: 'a', compare: 'on', model2: 'two' })[1], { prompt: 'a', model: 'two' })
})

t.test('a link holds the form, and a request makes the form again', async (t) => {
  const fields: Fields = {
    text: 'A "quoted" & [[4]] ü\n',
    model: 'm',
    steps: '4–16',
    length: '',
    temperature: '0.5',
    seed: '9',
    solver: 'euler',
    schedule: '0.5 0.5',
    jumps: 'spread',
    stop: '\\n\nEnd',
    block: '',
    reveal: '0.9',
    priority: '-3',
    compare: 'on',
    steps2: '32',
    model2: 'n'
  }
  t.same(fromFragment(`#${toFragment(fields)}`), fields)
  t.same(toFields(toRequests(fields)), fields)
  const long = { ...EMPTY, text: 'a', length: '400', block: '64' }
  t.same(toFields(toRequests(fromFragment(`#${toFragment(long)}`) ?? EMPTY)), long)
  t.equal(fromFragment('#stage'), undefined)
  t.equal(fromFragment(''), undefined)
})
