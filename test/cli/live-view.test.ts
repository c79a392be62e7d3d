import t from 'tap'
import { LiveView } from '../../src/cli/live-view.js'
import { prepare, streamText, type TextRequest, type TextResult } from '../../src/generation/index.js'
import { loadModel } from '../../src/model/model.js'
import { fixture, startEngine } from '../support/engine.js'
import { VirtualTerminal } from '../support/terminal.js'

const model = await loadModel(fixture('tiny-text'))
const engine = await startEngine('tiny-text')
t.teardown(() => engine.close())

/** A clock that takes 5 ms between looks. */
function clock (): () => number {
  let time = 0
  return () => (time += 5)
}

/** What the model made as the terminal shows it: control characters and line ends replaced, spaces aside. */
function visible (text: string): string {
  return text.replaceAll(/[^\P{Control}\r\n\t]/gu, '\ufffd').replaceAll(/\s/g, '')
}

async function show (request: TextRequest, terminal: VirtualTerminal, onStep: (texts: string[]) => void): Promise<TextResult> {
  const prepared = prepare(model, request)
  const view = new LiveView(prepared, request.prompt ?? '', { terminal, color: true, now: clock() })
  const texts: string[] = []
  let result: TextResult | undefined
  for await (const event of streamText(engine, prepared)) {
    if (event.type === 'done') {
      view.done(event.result)
      result = event.result
    } else {
      view.step(event.step)
      texts[event.step.index] = event.step.text
      onStep(texts)
    }
  }
  view.close()
  if (result === undefined) throw new Error('the stream ended without a result')
  return result
}

t.test('after each refinement the screen shows prompt, text and step, and nothing of the refinement before', async (t) => {
  const terminal = new VirtualTerminal(40, 50)
  const prompt = 'Once upon a time'
  let step = 0
  const { outputs } = await show({ prompt, seed: 5, steps: 8, maxTokens: 40 }, terminal, ([text = '']) => {
    step++
    const shown = terminal.text.replaceAll(/\s/g, '')
    t.ok(shown.startsWith(visible(prompt + text) + `step${step}/8·`), `step ${step}`)
    t.ok(shown.endsWith('msastep'))
    t.notOk(terminal.cursorVisible)
  })
  t.equal(step, 8)
  t.ok(terminal.text.replaceAll(/\s/g, '').startsWith(visible(prompt + (outputs[0]?.text ?? '')) + '8steps·'))
  t.match(terminal.text, / · seed 5 · /)
  t.ok(terminal.cursorVisible)
})

t.test('a text taller than the screen is redrawn in part and at the end shown in full', async (t) => {
  const terminal = new VirtualTerminal(12, 5)
  const { outputs } = await show({ seed: 6, steps: 4, maxTokens: 60, temperature: 1 }, terminal, () => {
    t.ok(terminal.lines.length <= 5, 'nothing scrolls')
  })
  t.ok(terminal.lines.length > 5)
  t.ok(terminal.text.replaceAll(/\s/g, '').startsWith(visible(outputs[0]?.text ?? '')))
})

t.test('outputs stand one below the other', async (t) => {
  const terminal = new VirtualTerminal(60, 60)
  const { outputs } = await show({ prompt: 'The cat', seed: 9, steps: 3, maxTokens: 12, n: 3 }, terminal, () => {})
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
  const prepared = prepare(model, { template: 'The [[3]] sat on the mat.', steps: 2, seed: 1 })
  const view = new LiveView(prepared, '', { terminal, color: false, now: clock() })
  t.equal(terminal.text, 'The░░░ sat on the mat.\nstep 0/2')
  view.close()
})
