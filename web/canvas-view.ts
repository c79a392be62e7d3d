/** The canvas: every token in its place. Only what differs from the frame before is written to the document. */
import { colourOfStep, shadeOf } from './colours.js'
import { h, setAttribute, setText } from './dom.js'
import { draftOf, type Cell } from './draft.js'
import type { View } from './state.js'
import type { Lane } from './take.js'

export interface CanvasLook {
  readonly view: View
  /** Whether what the refinement changed is marked. */
  readonly marks: boolean
}

/**
 * Of so many tokens what was changed fades; of more it is unmarked at once. What each of so many words costs when they are laid out and
 * painted anew, sixty times a second, is what it consists of: of a large canvas it is one piece of text, where it can be.
 */
const FADING = 300

/** One token's place in the document. */
interface Place {
  readonly outer: HTMLElement
  /** With the space before it. */
  readonly whole: Text
  /** The two apart, where the word has a colour and the space has not. */
  readonly space: Text
  readonly word: HTMLElement
  text: string
  look: string
  apart: boolean
}

export class CanvasView {
  readonly element = h('article', { class: 'canvas' })
  readonly #head = h('h2', { class: 'canvas-head' })
  readonly #prompt = h('span', { class: 'prompt' })
  readonly #tokens = h('span', { class: 'tokens' })
  readonly text = h('div', { class: 'text', attributes: { tabindex: '0', role: 'group' } }, this.#prompt, this.#tokens)
  readonly #places: Place[] = []

  constructor () {
    this.element.append(this.#head, this.text)
  }

  /** @param refinements how many of the lane's have been shown */
  show (lane: Lane, refinements: number, heading: string, { view, marks }: CanvasLook): void {
    const { request } = lane
    const now = lane.refinements[refinements - 1]
    const cells: readonly Cell[] = now?.tokens ?? draftOf(request, lane.refinements[0])
    const changed = new Set(marks && refinements > 0 ? now?.changed : [])
    const steps = now?.steps ?? 1
    showText(this.#head, heading)
    showText(this.#prompt, request.template === undefined ? request.prompt ?? '' : '')
    const large = cells.length > FADING
    this.element.dataset['view'] = view
    setAttribute(this.text, 'aria-label', `${heading === '' ? 'Text' : heading}, ${cells.length} tokens; arrow keys show what stood at each`)
    this.element.classList.toggle('large', large)
    this.#fit(cells.length)
    cells.forEach((cell, i) => {
      const place = this.#places[i]
      if (place === undefined) return
      const look = lookOf(cell, view, changed.has(i), steps)
      write(place, cell, look, !large || isColoured(cell, look))
    })
  }

  /** The sheet stays as high as its masks made it while they become words, so that nothing below it jumps. */
  hold (): void {
    this.release()
    this.text.style.setProperty('min-height', `${this.text.offsetHeight}px`)
  }

  release (): void {
    this.text.style.removeProperty('min-height')
  }

  /** The token whose place that is; undefined where there is none. */
  positionOf (target: EventTarget | null): number | undefined {
    const outer = target instanceof Element ? target.closest<HTMLElement>('.token') : null
    if (outer === null || !this.#tokens.contains(outer)) return undefined
    return Number(outer.dataset['position'])
  }

  placeOf (position: number): HTMLElement | undefined {
    return this.#places[position]?.outer
  }

  get length (): number {
    return this.#places.length
  }

  #fit (length: number): void {
    while (this.#places.length > length) this.#places.pop()?.outer.remove()
    if (this.#places.length === length) return
    const added = document.createDocumentFragment()
    for (let i = this.#places.length; i < length; i++) {
      const outer = h('span', { class: 'token' })
      outer.dataset['position'] = String(i)
      const [whole, space] = [document.createTextNode(''), document.createTextNode('')]
      this.#places.push({ outer, whole, space, word: h('span', { class: 'word' }), text: '', look: '', apart: false })
      added.append(outer)
    }
    this.#tokens.append(added)
  }
}

function write (place: Place, { text, masked }: Cell, look: string, apart: boolean): void {
  const { outer, whole, space, word } = place
  const shown = masked ? '' : text
  if (look !== place.look) outer.className = place.look = look
  if (shown === place.text && apart === place.apart) return
  place.text = shown
  if (apart) {
    const [before = ''] = /^\s*/.exec(shown) ?? []
    space.data = before
    word.textContent = shown.slice(before.length)
    if (!place.apart) outer.replaceChildren(space, word)
  } else {
    whole.data = shown
    if (whole.parentNode !== outer) outer.replaceChildren(whole)
  }
  place.apart = apart
}

function isColoured ({ masked }: Cell, look: string): boolean {
  return !masked && look !== 'token' && look !== 'token given'
}

function lookOf ({ masked, given, changedAt, confidence }: Cell, view: View, changed: boolean, steps: number): string {
  if (masked) return changed && view === 'live' ? 'token masked changed' : 'token masked'
  if (given) return 'token given'
  switch (view) {
    case 'live': return changed ? 'token changed' : 'token'
    case 'timeline': return changedAt > 0 ? `token step-${colourOfStep(changedAt, steps)}` : 'token'
    case 'confidence': return confidence === undefined ? 'token' : `token sure-${shadeOf(confidence)}`
    case 'plain': return 'token'
  }
}

function showText (element: HTMLElement, text: string): void {
  setText(element, text)
  element.hidden = text === ''
}
