/** Below the scrubber: a column for each refinement, as high as its changes are many, over the time that it took. */
import { colourOfStep } from './colours.js'
import { byId, h } from './dom.js'
import { ms } from './numbers.js'
import type { State } from './state.js'
import { changesOf, framesOf, mostChanges, refinementsAt, stepMs, type Lane } from './take.js'

/** More have no room for their times. */
const LABELLED = 16

/** More stand without a space between them. */
const DENSE = 100
/** While it runs more are not drawn at every refinement. */
const MOST_LIVE = 128

export class Strips {
  readonly #element = byId('strips', HTMLElement)
  #lanes: readonly Lane[] = []
  #columns: HTMLElement[][] = []
  /** How many of each are past; only what has become so since is written. */
  #past: number[] = []

  /** @param onSeek is given the frame of a column that was pressed */
  constructor (onSeek: (frame: number) => void) {
    this.#element.addEventListener('click', ({ target }) => {
      const column = target instanceof Element ? target.closest<HTMLElement>('.column') : null
      if (column !== null) onSeek(Number(column.dataset['frame']))
    })
  }

  show ({ lanes, frame, running }: State): void {
    const columns = lanes.reduce((sum, { refinements }) => sum + refinements.length, 0)
    if (lanes !== this.#lanes && !(running && columns > MOST_LIVE)) this.#build(lanes)
    const shown = refinementsAt(lanes, frame)
    this.#columns.forEach((columns, lane) => {
      const [before, now] = [this.#past[lane] ?? 0, shown[lane] ?? 0]
      columns[before - 1]?.classList.remove('now')
      for (const column of columns.slice(Math.min(before, now), Math.max(before, now))) column.classList.toggle('past', before < now)
      columns[now - 1]?.classList.add('now')
      this.#past[lane] = now
    })
  }

  #build (lanes: readonly Lane[]): void {
    this.#lanes = lanes
    this.#past = []
    const frames = new Map(framesOf(lanes).map(({ lane, refinement }, i) => [`${lane}:${refinement}`, i + 1]))
    this.#columns = lanes.map((lane, at) => {
      const most = Math.max(1, mostChanges(lane))
      return lane.refinements.map((_, i) => columnOf(lane, i, most, frames.get(`${at}:${i}`) ?? 0))
    })
    this.#element.replaceChildren(...this.#columns.map((columns) =>
      h('div', { class: columns.length > DENSE ? 'strip dense' : 'strip', attributes: { 'aria-hidden': 'true' } }, ...columns)))
  }
}

/**
 * @param most changes of any refinement of the lane: the highest column
 * @param frame among all frames, from 1
 */
function columnOf (lane: Lane, refinement: number, most: number, frame: number): HTMLElement {
  const { step = 1, steps = 1 } = lane.refinements[refinement] ?? {}
  const [changes, took] = [changesOf(lane, refinement), ms(stepMs(lane, refinement))]
  const bar = h('span', { class: `bar step-${colourOfStep(step, steps)}` })
  bar.style.setProperty('height', `${changes / most * 100}%`)
  const column = h('span', {
    class: 'column', attributes: { title: `step ${step}: ${changes} changes, ${took} after the one before` }
  }, h('span', { class: 'well' }, bar))
  if (lane.refinements.length <= LABELLED) column.append(h('span', { class: 'took', text: took }))
  column.dataset['frame'] = String(frame)
  return column
}
