/** Play, pause, step by step, the scrubber over all refinements, the speed of a replay. */
import { button, byId, input, setAttribute, setOptions } from './dom.js'
import { SPEEDS, speedOf, type Action, type Speed, type State } from './state.js'
import { framesOf } from './take.js'

const NAMES: Partial<Record<number, string>> = { 2: '2×', 1: '1× (real time)', 0.5: '½×', 0.25: '¼×', 0.125: '⅛×' }

export interface Transport {
  show (state: State): void
  toggle (): void
  step (by: number): void
  /** Along the speeds: 1 is faster, -1 slower. */
  shift (by: number): void
}

export function addTransport (current: () => State, dispatch: (action: Action) => void): Transport {
  const scrubber = input('scrubber')
  const speed = byId('speed', HTMLSelectElement)
  const group = byId('transport', HTMLElement)
  const toggle = (): void => { dispatch({ type: current().playing ? 'paused' : 'played' }) }
  const step = (by: number): void => { dispatch({ type: 'sought', frame: current().frame + by }) }
  const play = button('play', toggle)
  const back = button('back', () => { step(-1) })
  const forward = button('forward', () => { step(1) })
  setOptions(speed, [['auto', 'Easy to follow'], ...SPEEDS.map((each) => [String(each), speedName(each)] as const)])
  scrubber.addEventListener('input', () => { dispatch({ type: 'sought', frame: Number(scrubber.value) }) })
  speed.addEventListener('change', () => { dispatch({ type: 'sped', speed: speed.value === 'auto' ? 'auto' : Number(speed.value) }) })

  return {
    toggle,
    step,
    shift: (by) => { dispatch({ type: 'sped', speed: shifted(speedOf(current()), by) }) },
    show (state) {
      const frames = framesOf(state.lanes)
      group.classList.toggle('playing', state.playing)
      setAttribute(play, 'aria-label', state.playing ? 'Pause' : 'Play')
      const idle = frames.length === 0 || state.running
      for (const each of [play, back, forward, scrubber]) each.disabled = idle
      setAttribute(scrubber, 'max', String(frames.length))
      if (scrubber.value !== String(state.frame)) scrubber.value = String(state.frame)
      setAttribute(scrubber, 'aria-valuetext', `${state.lanes.length > 1 ? 'refinement' : 'step'} ${state.frame} of ${frames.length}`)
      const done = `${frames.length === 0 ? 0 : state.frame / frames.length * 100}%`
      if (scrubber.style.getPropertyValue('--done') !== done) scrubber.style.setProperty('--done', done)
      const [auto] = speed.options
      const label = frames.length === 0 ? 'auto' : `auto (${speedName(speedOf({ ...state, speed: 'auto' }))})`
      // Written only where it differs: each writing lays the select out anew.
      if (speed.value !== String(state.speed)) speed.value = String(state.speed)
      if (auto !== undefined && auto.label !== label) auto.label = label
    }
  }
}

export function speedName (speed: number): string {
  return NAMES[speed] ?? `1/${Math.round(1 / speed)}×`
}

function shifted (speed: number, by: number): Speed {
  const at = SPEEDS.findIndex((each) => each <= speed)
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at - by))] ?? speed
}
