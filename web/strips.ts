/** Below the scrubber: a column for each refinement, as high as its changes are many, over the time that it took. */
import { colourOfStep } from './colours.js'
import { byId, h } from './dom.js'
import { ms } from './numbers.js'
import type { State } from './state.js'
import { changesOf, framesOf, mostChanges, refinementsAt, stepMs, type Lane } from './take.js'

/** More have no room for their times. */
const LABELLED = 16

interface Column {
  readonly element: HTMLElement
  /** Among all frames, from 1. */
  readonly frame: number
}

export class Strips {
  readonly #element = byId('strips', HTMLElement)
  #lanes: readonly Lane[] = []
  #columns: Column[][] = []

  /** @param onSeek is given the frame of a column that was pressed */
  constructor (onSeek: (frame: number) => void) {
    this.#element.addEventListener('click', ({ target }) => {
      const column = target instanceof Element ? target.closest<HTMLElement>('.column') : null
      if (column !== null) onSeek(Number(column.dataset['frame']))
    })
  }

  show ({ lanes, frame }: State): void {
    if (lanes !== this.#lanes) this.#build(lanes)
    const shown = refinementsAt(lanes, frame)
    this.#columns.forEach((columns, lane) => {
      columns.forEach(({ element }, i) => {
        element.classList.toggle('past', i < (shown[lane] ?? 0))
        element.classList.toggle('now', i === (shown[lane] ?? 0) - 1)
      })
    })
  }

  #build (lanes: readonly Lane[]): void {
    this.#lanes = lanes
    const frames = framesOf(lanes)
    this.#columns = lanes.map((lane, at) => lane.refinements.map(({ step, steps }, i, { length }) => {
      const frame = frames.findIndex((each) => each.lane === at && each.refinement === i) + 1
      const took = ms(stepMs(lane, i))
      const bar = h('span', { class: `bar step-${colourOfStep(step, steps)}` })
      const changes = changesOf(lane, i)
      bar.style.setProperty('height', `${changes / Math.max(1, mostChanges(lane)) * 100}%`)
      const element = h('span', {
        class: 'column', attributes: { title: `step ${step}: ${changes} changes, ${took} after the one before` }
      }, h('span', { class: 'well' }, bar))
      if (length <= LABELLED) element.append(h('span', { class: 'took', text: took }))
      element.dataset['frame'] = String(frame)
      return { element, frame }
    }))
    this.#element.replaceChildren(...this.#columns.map((columns) =>
      h('div', { class: 'strip', attributes: { 'aria-hidden': 'true' } }, ...columns.map(({ element }) => element))))
  }
}
