import t from 'tap'
import type { Generation, Refinement, StreamItem } from '../../src/client/index.js'
import { firstDraft } from '../../src/cli/draft.js'
import { LiveView } from '../../src/cli/live-view.js'
import { localItems } from '../../src/cli/local-items.js'
import { paletteOf } from '../../src/cli/palette.js'
import { prepare } from '../../src/generation/index.js'
import { toTextRequest } from '../../src/http/native/generate-json.js'
import { loadModel } from '../../src/model/model.js'
import { fixture, startEngine } from '../support/engine.js'
import { VirtualTerminal } from '../support/terminal.js'

const model = await loadModel(fixture('tiny-text'))
const engine = await startEngine('tiny-text')
t.teardown(() => engine.close())

/** What the model made as the terminal shows it: control characters and line ends replaced, spaces aside. */
function visible (text: string): string {
  return text.replaceAll(/[^\P{Control}\r\n\t]/gu, '\ufffd').replaceAll(/\s/g, '')
}

type Request = Parameters<typeof toTextRequest>[0]

interface Shown {
  readonly view: LiveView
  readonly items: AsyncGenerator<StreamItem, void, undefined>
}

function begin (request: Request, terminal: VirtualTerminal, view: 'live' | 'timeline' | 'confidence' = 'live'): Shown {
  const prepared = prepare(model, toTextRequest(request))
  const { rows } = prepared.engineRequest
  return {
    view: new LiveView({
      terminal, view, palette: paletteOf(8, view), prompt: request.prompt ?? '', drafts: rows.map(() => firstDraft(prepared)), status: 'step 0/8'
    }),
    items: localItems(engine, prepared, { confidence: true, timeline: true }, new AbortController().signal)
  }
}

type OnStep = (item: Refinement, view: LiveView) => void

async function show (request: Request, terminal: VirtualTerminal, onStep: OnStep): Promise<Generation> {
  const { view, items } = begin(request, terminal)
  let generation: Generation | undefined
  for await (const item of items) {
    view.show(item)
    if (item.type === 'done') generation = item.generation
    else onStep(item, view)
  }
  view.close()
  if (generation === undefined) throw new Error('the stream ended without a result')
  return generation
}

t.test('after each refinement the screen shows prompt, text and step, and nothing of the refinement before', async (t) => {
  const terminal = new VirtualTerminal(40, 50)
  const prompt = 'Once upon a time'
  let steps = 0
  const { outputs } = await show({ prompt, seed: 5, steps: 8, max_tokens: 40 }, terminal, ({ text }) => {
    steps++
    const shown = terminal.text.replaceAll(/\s/g, '')
    t.ok(shown.startsWith(visible(prompt + text) + `step${steps}/8·`), `step ${steps}`)
    t.ok(shown.endsWith('msastep'))
    t.notOk(terminal.cursorVisible)
  })
  t.equal(steps, 8)
  t.ok(terminal.text.replaceAll(/\s/g, '').startsWith(visible(prompt + (outputs[0]?.text ?? '')) + '8steps·'))
  t.match(terminal.text, / · seed 5 · /)
  t.ok(terminal.cursorVisible)
})

t.test('a text taller than the screen is redrawn in part and at the end shown in full', async (t) => {
  const terminal = new VirtualTerminal(12, 5)
  const { outputs } = await show({ seed: 6, steps: 4, max_tokens: 60, temperature: 1 }, terminal, () => {
    t.ok(terminal.lines.length <= 5, 'nothing scrolls')
  })
  t.ok(terminal.lines.length > 5)
  t.ok(terminal.text.replaceAll(/\s/g, '').startsWith(visible(outputs[0]?.text ?? '')))
})

t.test('a terminal that is made narrower or wider is drawn anew, and nothing of the old picture is left', async (t) => {
  const terminal = new VirtualTerminal(60, 50)
  const sizes = [30, 80, 16, 45, 60]
  terminal.write('$ fewstep generate\n')
  await show({ prompt: 'The cat', seed: 2, steps: 5, max_tokens: 30 }, terminal, ({ text, step }, view) => {
    terminal.resize(sizes[step - 1] ?? 60)
    view.resized()
    t.ok(terminal.lines.every((line) => line.length <= terminal.columns))
    const shown = terminal.text.replaceAll(/\s/g, '')
    t.ok(shown.startsWith(`$fewstepgenerate${visible(`The cat${text}`)}step${step}/5·`), `${terminal.columns} columns`)
  })
})

t.test('outputs stand one below the other', async (t) => {
  const terminal = new VirtualTerminal(60, 60)
  const { outputs } = await show({ prompt: 'The cat', seed: 9, steps: 3, max_tokens: 12, n: 3 }, terminal, () => {})
  const shown = terminal.text.replaceAll(/\s/g, '')
  let from = 0
  for (const { text, seed } of outputs) {
    const at = shown.indexOf(visible('The cat' + text), from)
    t.ok(at >= from)
    from = shown.indexOf(`seed${seed}`, at)
    t.ok(from > at)
  }
})

t.test('a template is shown whole, also before the first refinement', async (t) => {
  const terminal = new VirtualTerminal(60, 20)
  const { view, items } = begin({ template: 'The [[3]] sat on the mat.', steps: 2, seed: 1 }, terminal)
  t.equal(terminal.text, 'The░░░ sat on the mat.\nstep 0/8')
  view.close()
  await items.return()
})

t.test('the other views have a legend and a shade for each token', async (t) => {
  for (const view of ['timeline', 'confidence'] as const) {
    const written: string[] = []
    const terminal = new VirtualTerminal(90, 30)
    const write = terminal.write.bind(terminal)
    terminal.write = (text) => {
      written.push(text)
      write(text)
    }
    const { view: live, items } = begin({ prompt: 'The cat', seed: 3, steps: 4, max_tokens: 20 }, terminal, view)
    for await (const item of items) live.show(item)
    live.close()
    t.match(terminal.text, view === 'timeline' ? /\nfirst change {2}1 {2}2 {2}3 {2}4 {2}last$/ : /\nunsure .* sure$/)
    t.ok(written.at(-2)?.includes('\x1b[38;5;16;48;5;'))
  }
})
