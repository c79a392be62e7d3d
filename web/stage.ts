/** Draws the state: canvases, views, legend, time line, numbers. */
import { CanvasView } from './canvas-view.js'
import { byId, setText } from './dom.js'
import { showFacts } from './facts.js'
import { addHistory } from './history.js'
import { Legend } from './legend.js'
import { ms } from './numbers.js'
import { speedOf, VIEWS, type Action, type State } from './state.js'
import { Strips } from './strips.js'
import { framesOf, newLane, refinementsAt, stepMs, type Lane } from './take.js'
import { stepsText } from './fields.js'
import { speedName, type Transport } from './transport.js'

export class Stage {
  readonly #canvases = byId('canvases', HTMLElement)
  readonly #readout = byId('readout', HTMLElement)
  readonly #status = byId('status', HTMLElement)
  readonly #views: CanvasView[] = []
  readonly #strips: Strips
  readonly #legend: Legend
  readonly #transport: Transport
  readonly #history: { refresh: () => void }
  /** What would be asked for, shown before anything was. */
  #outlook: readonly Lane[] = []

  constructor (transport: Transport, current: () => State, dispatch: (action: Action) => void) {
    this.#transport = transport
    this.#strips = new Strips((frame) => { dispatch({ type: 'sought', frame }) })
    this.#legend = new Legend((colour) => { dispatch({ type: 'lit', lit: current().lit === colour ? undefined : colour }) })
    this.#history = addHistory(this.#canvases, () => ({ state: current(), views: this.#views }))
    byId('views', HTMLElement).addEventListener('change', ({ target }) => {
      const view = VIEWS.find((each) => each === (target as HTMLInputElement).value)
      if (view !== undefined) dispatch({ type: 'viewed', view })
    })
  }

  /** What would be asked for now. */
  foresee (requests: ReadonlyArray<Lane['request']>): void {
    this.#outlook = requests.map((request) => newLane(request))
  }

  draw (state: State, before: State | undefined): void {
    const lanes = state.lanes.length === 0 ? this.#outlook : state.lanes
    const shown = refinementsAt(lanes, state.frame)
    const headings = headingsOf(lanes)
    this.#fit(lanes.length)
    this.#views.forEach((view, i) => {
      const lane = lanes[i]
      if (lane !== undefined) view.show(lane, shown[i] ?? 0, headings[i] ?? '', { view: state.view, marks: !state.resting })
    })
    this.#holdHeight(state, before)
    this.#canvases.classList.toggle('two', lanes.length > 1)
    this.#canvases.setAttribute('aria-busy', String(state.running))
    this.#canvases.dataset['lit'] = String(state.lit ?? '')
    byId('intro', HTMLElement).hidden = state.lanes.length > 0
    byId('keep', HTMLElement).classList.toggle('idle', state.running || framesOf(state.lanes).length === 0)
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=view]')) radio.checked = radio.value === state.view
    setText(this.#readout, readout(state))
    this.#transport.show(state)
    this.#strips.show(state)
    this.#legend.show(state)
    if (state.lanes !== before?.lanes) showFacts(state.lanes)
    if (state.running !== before?.running) this.#announce(state)
    this.#history.refresh()
  }

  #holdHeight (state: State, before: State | undefined): void {
    if (state.running && before?.running !== true) for (const view of this.#views) view.hold()
    else if (!state.running && before?.running !== true && state.lanes !== before?.lanes) for (const view of this.#views) view.release()
  }

  #fit (length: number): void {
    while (this.#views.length > length) this.#views.pop()?.element.remove()
    while (this.#views.length < length) {
      const view = new CanvasView()
      this.#views.push(view)
      this.#canvases.append(view.element)
    }
  }

  /** Only that it begins and ends: what changes in between is no news to be read out. */
  #announce ({ running, lanes }: State): void {
    if (running) this.#status.textContent = 'Generating…'
    else if (lanes.some(({ generation }) => generation !== undefined)) this.#status.textContent = 'Complete.'
  }
}

/** What sets two lanes apart; none where there is one. */
function headingsOf (lanes: readonly Lane[]): string[] {
  if (lanes.length < 2) return ['']
  return lanes.map(({ request, refinements, generation, index }) => {
    const steps = refinements.at(-1)?.steps ?? stepsText(request.steps)
    const model = generation?.model ?? request.model
    const same = lanes.every(({ request: other }) => other === request)
    return [same ? `output ${index + 1}` : '', `${steps === '' ? 'default' : steps} steps`, model ?? ''].filter((part) => part !== '').join(' · ')
  })
}

function readout (state: State): string {
  const frames = framesOf(state.lanes)
  const { lanes, frame, running, playing } = state
  if (lanes.length === 0) return 'nothing is chosen yet'
  if (frames.length === 0) return running ? 'waiting for the first refinement' : ''
  const at = frames[frame - 1]
  const lane = at === undefined ? undefined : lanes[at.lane]
  const refinement = at === undefined ? undefined : lane?.refinements[at.refinement]
  const slow = playing ? ` · replay at ${speedName(speedOf(state))}` : ''
  if (at === undefined || lane === undefined || refinement === undefined) return `before the first step${slow}`
  const steps = lanes.length > 1 ? `after ${ms(at.atMs)}` : `step ${refinement.step} of ${refinement.steps} · ${ms(stepMs(lane, at.refinement))}`
  return `${steps}${slow}`
}
