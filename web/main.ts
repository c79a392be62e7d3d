/** The page: a form, a stage, and what is kept of what happened on it. */
import { AuthenticationError } from '../src/client/index.js'
import { button, byId, input, prefersStill, toast } from './dom.js'
import { EXAMPLES } from './examples.js'
import { toRequests, type Fields } from './fields.js'
import { Form } from './form.js'
import { addKeep } from './keep.js'
import { addKeyDialog } from './key-dialog.js'
import { addKeys } from './keys.js'
import { keepSettings, readSettings, type Settings } from './local.js'
import { addRecent } from './recent.js'
import { readRecordings, lanesOf } from './recordings.js'
import { listModels, runAll } from './run.js'
import { fromFragment } from './share.js'
import { Stage } from './stage.js'
import { INITIAL, reduce, VIEWS, type Action, type State } from './state.js'
import { createStore } from './store.js'
import type { Lane } from './take.js'
import { applyTheme, otherTheme } from './theme.js'
import { addTransport } from './transport.js'

const [WIDE, MOUSE] = ['(min-width: 61rem)', '(pointer: fine)']

let settings: Settings = readSettings()
let running: AbortController | undefined

const change = (changed: Partial<Settings>): void => {
  settings = { ...settings, ...changed }
  keepSettings(settings)
  applyTheme(settings.theme)
}

const current = (): State => store.state
const dispatch = (action: Action): void => { store.dispatch(action) }
const transport = addTransport(current, dispatch)
const stage = new Stage(transport, current, dispatch)
const store = createStore(reduce, INITIAL, (state, before) => {
  stage.draw(state, before)
  if (state.playing && before?.playing !== true) play()
})

/** Time passes for a replay as it passes for its reader. */
function play (): void {
  let last = performance.now()
  const tick = (now: number): void => {
    if (!store.state.playing) return
    dispatch({ type: 'passed', ms: Math.max(0, now - last) })
    last = now
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
}

const form = new Form(() => { void run() }, () => {
  stage.foresee(toRequests(form.fields))
  if (store.state.lanes.length === 0) stage.draw(store.state, store.state)
})
const keep = addKeep(() => store.state.lanes)
const recent = addRecent(open)
const askForKey = addKeyDialog(() => { void loadModels() })
const runButton = byId('run', HTMLButtonElement)

/** Or stop what runs. */
async function run (): Promise<void> {
  if (running !== undefined) {
    running.abort()
    return
  }
  const controller = running = new AbortController()
  form.clearErrors()
  showRunning(true)
  // Below the form, where there is no room beside it.
  if (!matchMedia(WIDE).matches) byId('stage', HTMLElement).scrollIntoView({ behavior: prefersStill() ? 'auto' : 'smooth' })
  const failures = await runAll(toRequests(form.fields), controller.signal, dispatch)
  running = undefined
  showRunning(false)
  if (!controller.signal.aborted) for (const { lane, error } of failures) showFailure(error, lane > 0)
  if (failures.length > 0) return
  recent.keep(store.state.lanes)
  if (settings.replayAfter) dispatch({ type: 'played' })
}

function showRunning (now: boolean): void {
  byId('run-label', HTMLElement).textContent = now ? 'Stop' : 'Bring it into focus'
  runButton.classList.toggle('running', now)
}

function showFailure (error: unknown, second: boolean): void {
  if (error instanceof AuthenticationError) askForKey(error.message)
  else form.showError(error, second)
}

function open (lanes: readonly Lane[], fields: Fields): void {
  running?.abort()
  form.fields = fields
  dispatch({ type: 'opened', lanes })
}

async function loadModels (): Promise<void> {
  try {
    form.models = await listModels()
  } catch (error) {
    showFailure(error, false)
  }
}

function addControls (): void {
  const shortcuts = input('shortcuts')
  shortcuts.checked = settings.shortcuts
  shortcuts.addEventListener('change', () => { change({ shortcuts: shortcuts.checked }) })
  const replayAfter = input('replay-after')
  replayAfter.checked = settings.replayAfter
  replayAfter.addEventListener('change', () => { change({ replayAfter: replayAfter.checked }) })
  const theme = (): void => { change({ theme: otherTheme(settings.theme) }) }
  button('theme-button', theme)
  const help = (): void => { byId('help-dialog', HTMLDialogElement).showModal() }
  button('help-button', help)
  for (const example of document.querySelectorAll<HTMLElement>('[data-example]')) {
    example.addEventListener('click', () => {
      const fields = EXAMPLES[example.dataset['example'] ?? '']
      if (fields === undefined) return
      form.fields = fields
      if (running === undefined) void run()
    })
  }
  const seek = (frame: number) => (): void => { dispatch({ type: 'sought', frame }) }
  addKeys([
    ...VIEWS.map((view, i) => ({ keys: [String(i + 1)], does: `View: ${view}`, act: () => { dispatch({ type: 'viewed', view }) } })),
    { keys: [' '], shown: 'Space', does: 'Play or pause the replay', act: transport.toggle },
    { keys: ['ArrowLeft'], shown: '←', does: 'One refinement back', act: () => { transport.step(-1) } },
    { keys: ['ArrowRight'], shown: '→', does: 'One refinement on', act: () => { transport.step(1) } },
    { keys: ['Home'], does: 'Before the first refinement', act: seek(0) },
    { keys: ['End'], does: 'The last refinement', act: seek(Infinity) },
    { keys: ['+', '='], shown: '+', does: 'Replay faster', act: () => { transport.shift(1) } },
    { keys: ['-'], does: 'Replay slower', act: () => { transport.shift(-1) } },
    { keys: ['Escape'], shown: 'Esc', does: 'Stop what runs', act: () => { running?.abort() } },
    { keys: ['/'], does: 'To the prompt', act: () => { form.focus() } },
    { keys: ['g'], does: 'Insert a gap into the prompt', act: () => { form.insertGap() } },
    { keys: ['d'], does: 'Roll a seed', act: () => { form.roll() } },
    { keys: ['c'], does: 'Compare two side by side', act: () => { form.toggleCompare() } },
    { keys: ['y'], does: 'Copy the text', act: () => { void keep.copyText() } },
    { keys: ['s'], does: 'Copy a link to this request', act: () => { void keep.share() } },
    { keys: ['t'], does: 'Light or dark', act: theme },
    { keys: ['?'], does: 'This help', act: help }
  ], () => { void run() }, () => settings.shortcuts)
}

/** A page that carries a recording shows it, and asks no server for anything. */
function openOwnRecording (): boolean {
  const elements = [...document.querySelectorAll('script[type="application/json"][id^="fewstep-recording"]')]
  if (elements.length === 0) return false
  document.body.classList.add('recording')
  try {
    const recordings = elements.flatMap(({ textContent }) => readRecordings(textContent ?? ''))
    dispatch({ type: 'opened', lanes: recordings.flatMap(lanesOf) })
    if (!prefersStill()) dispatch({ type: 'played' })
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error))
  }
  return true
}

function fitting (length: string, canvas = Infinity): string {
  return length === '' ? '' : String(Math.min(Number(length), Math.floor(canvas / 2)))
}

async function begin (): Promise<void> {
  applyTheme(settings.theme)
  addControls()
  if (openOwnRecording()) return
  byId('settings', HTMLDetailsElement).open = matchMedia(WIDE).matches
  form.fields = fromFragment(location.hash) ?? EXAMPLES['story'] ?? form.fields
  addEventListener('hashchange', () => { form.fields = fromFragment(location.hash) ?? form.fields })
  if (matchMedia(MOUSE).matches) form.focus()
  await loadModels()
  const linked = fromFragment(location.hash)
  // Of a link the models, now that they are known, and what depends on them; of the example no more than half of a small canvas.
  if (linked !== undefined) {
    const { model, model2, solver, jumps, reveal } = linked
    form.fields = { ...form.fields, model: model || form.fields.model, model2, solver, jumps, reveal }
  } else {
    form.fields = { ...form.fields, length: fitting(form.fields.length, form.models[0]?.max_length) }
  }
}

void begin()
