/** A gap in the prompt: a chip whose length is changed by dragging or by keys. */
import { h } from './dom.js'
import { gapText } from './template.js'

const MOST = 256
const PIXELS_A_TOKEN = 8
const KEYS: Partial<Record<string, (tokens: number) => number>> = {
  ArrowRight: (tokens) => tokens + 1,
  ArrowUp: (tokens) => tokens + 1,
  ArrowLeft: (tokens) => tokens - 1,
  ArrowDown: (tokens) => tokens - 1,
  PageUp: (tokens) => tokens + 8,
  PageDown: (tokens) => tokens - 8,
  Home: () => 1,
  End: () => MOST
}

/** @param onChange after its length changed, or it was removed */
export function gapChip (tokens: number, onChange: () => void): HTMLElement {
  const chip = h('span', {
    class: 'gap',
    attributes: {
      role: 'slider',
      tabindex: '0',
      contenteditable: 'false',
      'aria-label': 'Gap',
      'aria-valuemin': '1',
      'aria-valuemax': String(MOST),
      title: 'Drag, or use the arrow keys, to change how many tokens fill it; Delete removes it'
    }
  })
  setGap(chip, tokens)
  const change = (tokens: number): void => {
    setGap(chip, tokens)
    onChange()
  }
  chip.addEventListener('keydown', (event) => {
    const next = KEYS[event.key]
    if (next !== undefined && !event.ctrlKey && !event.metaKey) {
      change(next(gapOf(chip)))
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      const { parentElement: editor } = chip
      chip.remove()
      editor?.focus()
      onChange()
    } else {
      return
    }
    event.preventDefault()
    event.stopPropagation()
  })
  chip.addEventListener('pointerdown', (down) => {
    const before = gapOf(chip)
    chip.focus()
    chip.setPointerCapture(down.pointerId)
    const move = (event: PointerEvent): void => { change(before + Math.round((event.clientX - down.clientX) / PIXELS_A_TOKEN)) }
    chip.addEventListener('pointermove', move)
    chip.addEventListener('lostpointercapture', () => { chip.removeEventListener('pointermove', move) }, { once: true })
    down.preventDefault()
  })
  return chip
}

export function isGap (node: Node): node is HTMLElement {
  return node instanceof HTMLElement && node.classList.contains('gap')
}

/** In tokens. */
export function gapOf (chip: HTMLElement): number {
  return Number(chip.getAttribute('aria-valuenow'))
}

export function templateOf (chip: HTMLElement): string {
  return gapText(gapOf(chip))
}

function setGap (chip: HTMLElement, tokens: number): void {
  const clamped = Math.min(MOST, Math.max(1, tokens))
  chip.setAttribute('aria-valuenow', String(clamped))
  chip.setAttribute('aria-valuetext', `${clamped} ${clamped === 1 ? 'token' : 'tokens'}`)
  chip.style.setProperty('--tokens', String(Math.min(clamped, 24)))
  chip.textContent = String(clamped)
}
