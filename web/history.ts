/** What stood at a token's place, refinement by refinement: a card beside the token that is pointed at, or walked to with arrow keys. */
import type { CanvasView } from './canvas-view.js'
import { byId, h } from './dom.js'
import { refinementsAt, type Lane } from './take.js'
import type { State } from './state.js'

const card = byId('history', HTMLElement)
const spoken = byId('status', HTMLElement)

interface Pointed {
  readonly lane: number
  readonly position: number
}

/** @param current the state as it is now, and the views of its lanes */
export function addHistory (canvases: HTMLElement, current: () => { state: State, views: readonly CanvasView[] }): { refresh: () => void } {
  let pointed: Pointed | undefined
  let byKeys = false

  const show = (next: Pointed | undefined, keys = false): void => {
    const { state, views } = current()
    unmark(views, pointed)
    pointed = next
    byKeys = keys
    const lane = next === undefined ? undefined : state.lanes[next.lane]
    const place = next === undefined ? undefined : views[next.lane]?.placeOf(next.position)
    if (next === undefined || lane === undefined || place === undefined || lane.refinements.length === 0) {
      card.hidden = true
      return
    }
    place.classList.add('pointed')
    const shown = refinementsAt(state.lanes, state.frame)[next.lane] ?? 0
    card.replaceChildren(...contents(lane, next.position, shown))
    card.hidden = false
    beside(place)
  }
  const say = (): void => { spoken.textContent = card.hidden ? '' : card.textContent }

  const pointAt = (target: EventTarget | null): void => {
    const { views } = current()
    const lane = views.findIndex((view) => view.element.contains(target as Node))
    const position = views[lane]?.positionOf(target)
    show(position === undefined ? undefined : { lane, position })
  }

  // A pointer that rests is over something else as soon as the page scrolls or changes beneath it: of what keys walk to it takes nothing.
  canvases.addEventListener('pointerover', ({ target }) => { if (!byKeys) pointAt(target) })
  canvases.addEventListener('pointermove', ({ target, movementX, movementY }) => { if (byKeys && (movementX !== 0 || movementY !== 0)) pointAt(target) })
  canvases.addEventListener('pointerleave', () => { if (!byKeys) show(undefined) })
  canvases.addEventListener('focusout', () => { show(undefined) })
  canvases.addEventListener('keydown', (event) => {
    const { views } = current()
    const lane = views.findIndex((view) => view.text === event.target)
    const length = views[lane]?.length ?? 0
    const at = pointed?.lane === lane ? pointed.position : -1
    const next = event.ctrlKey || event.metaKey || event.altKey ? undefined : walk(event.key, at, length)
    if (event.key === 'Escape' && pointed !== undefined) {
      event.stopPropagation()
      show(undefined)
    } else if (next !== undefined && length > 0) {
      event.preventDefault()
      event.stopPropagation()
      show({ lane, position: next }, true)
      say()
    }
  })
  addEventListener('scroll', () => { if (!card.hidden) show(byKeys ? pointed : undefined, byKeys) }, { passive: true })
  return { refresh: () => { if (pointed !== undefined) show(pointed, byKeys) } }
}

function walk (key: string, at: number, length: number): number | undefined {
  switch (key) {
    case 'ArrowRight': case 'ArrowDown': return Math.min(length - 1, at + 1)
    case 'ArrowLeft': case 'ArrowUp': return Math.max(0, at - 1)
    case 'Home': return 0
    case 'End': return length - 1
    default: return undefined
  }
}

function unmark (views: readonly CanvasView[], pointed: Pointed | undefined): void {
  if (pointed !== undefined) views[pointed.lane]?.placeOf(pointed.position)?.classList.remove('pointed')
}

/** Each time another token came, with the step and the probability that it had then. */
function contents (lane: Lane, position: number, shown: number): Node[] {
  const moments: HTMLElement[] = []
  let before: string | undefined
  lane.refinements.forEach(({ step, tokens }, i) => {
    const token = tokens[position]
    if (token === undefined) return
    const key = token.masked ? 'mask' : `${token.id}${token.text}`
    if (key === before) return
    before = key
    const confidence = token.masked || token.given || token.confidence === undefined ? '' : percent(token.confidence)
    moments.push(h('li', { class: i < shown ? '' : 'later' },
      h('span', { class: 'when', text: token.given ? 'given' : `step ${step}` }),
      h('span', { class: token.masked ? 'what mask' : 'what', text: token.masked ? 'not chosen' : visible(token.text) }),
      h('span', { class: 'sure', text: confidence })))
  })
  const last = lane.refinements.at(-1)?.tokens[position]
  const end = last?.confidence === undefined || last.given ? '' : `${percent(last.confidence)} at the end`
  return [
    h('p', { class: 'history-title', text: `Token ${position + 1}` }, h('span', { class: 'sure', text: end })),
    h('ol', {}, ...moments)
  ]
}

function percent (probability: number): string {
  return `${Math.round(probability * 100)} %`
}

/** The space before a word goes without saying; line breaks do not. */
function visible (text: string): string {
  if (text === '') return 'nothing'
  return text.trim() === '' ? text.replaceAll('\n', '↵').replaceAll(' ', 'space') : text.replaceAll('\n', '↵').trim()
}

/** Below the token, or above it where there is no room. */
function beside (place: HTMLElement): void {
  const token = place.getBoundingClientRect()
  const { width, height } = card.getBoundingClientRect()
  const left = Math.min(Math.max(8, token.left - 12), document.documentElement.clientWidth - width - 8)
  const below = token.bottom + 8
  const top = below + height > innerHeight - 8 && token.top - height - 8 > 8 ? token.top - height - 8 : below
  card.style.setProperty('left', `${left}px`)
  card.style.setProperty('top', `${top}px`)
}
