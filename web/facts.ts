/** The figures of what is shown, on the page. */
import { byId, h } from './dom.js'
import { factsOf } from './figures.js'
import type { Lane } from './take.js'

export function showFacts (lanes: readonly Lane[]): void {
  byId('facts', HTMLElement).replaceChildren(...factsOf(lanes).map(([name, ...values]) =>
    h('div', { class: 'fact' }, h('dt', { text: name }), ...values.map((value) => h('dd', { text: value })))))
}
