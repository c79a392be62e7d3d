/** What the colours of a view stand for; pressing one looks for its tokens. */
import { shadeLegend, stepLegend, type LegendEntry } from './colours.js'
import { byId, h } from './dom.js'
import type { State } from './state.js'

export class Legend {
  readonly #element = byId('legend', HTMLElement)
  #key = ''

  constructor (onLit: (colour: number) => void) {
    this.#element.addEventListener('click', ({ target }) => {
      const entry = target instanceof Element ? target.closest<HTMLElement>('.entry') : null
      if (entry !== null) onLit(Number(entry.dataset['colour']))
    })
  }

  show ({ view, lanes, lit }: State): void {
    const steps = Math.max(1, ...lanes.map(({ refinements }) => refinements.at(-1)?.steps ?? 1))
    const key = lanes.length === 0 || view === 'live' || view === 'plain' ? '' : view === 'timeline' ? `t${steps}` : 'c'
    this.#element.hidden = key === ''
    if (key !== this.#key) {
      this.#key = key
      if (view === 'timeline') this.#build('Last changed at step', 'step', lanes.length > 1 ? ends(stepLegend(8)) : stepLegend(steps))
      if (view === 'confidence') this.#build('Sure of it', 'sure', shadeLegend())
    }
    for (const entry of this.#element.querySelectorAll<HTMLElement>('.entry')) {
      entry.setAttribute('aria-pressed', String(Number(entry.dataset['colour']) === lit))
    }
  }

  #build (title: string, kind: string, entries: readonly LegendEntry[]): void {
    this.#element.replaceChildren(h('span', { class: 'legend-title', text: title }), ...entries.map(({ colour, label }) => {
      const entry = h('button', { class: `entry ${kind}-${colour}`, text: label, attributes: { type: 'button', 'aria-pressed': 'false' } })
      entry.dataset['colour'] = String(colour)
      return entry
    }))
  }
}

/** Of budgets that differ only the order is the same. */
function ends (entries: readonly LegendEntry[]): LegendEntry[] {
  return entries.map(({ colour }, i) => ({ colour, label: i === 0 ? 'first' : i === entries.length - 1 ? 'last' : `${i + 1}/${entries.length}` }))
}
