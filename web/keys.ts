/** The keyboard: one table for what keys do and for the help that lists them. */
import { byId, h } from './dom.js'

export interface Shortcut {
  /** As in KeyboardEvent.key. */
  readonly keys: readonly string[]
  /** Where they are written otherwise. */
  readonly shown?: string
  readonly does: string
  readonly act: () => void
}

/** @param enabled whether single keys count; Ctrl+Enter always does */
export function addKeys (shortcuts: readonly Shortcut[], submit: () => void, enabled: () => boolean): void {
  byId('keys', HTMLElement).replaceChildren(...[
    { keys: ['Ctrl+Enter'], does: 'Run, from anywhere; in the prompt Enter alone, and Shift+Enter is a new line' },
    ...shortcuts
  ].map(({ keys, shown, does }: Pick<Shortcut, 'keys' | 'shown' | 'does'>) =>
    h('div', {}, h('dt', {}, ...(shown ?? keys.join(' ')).split(' ').map((key) => h('kbd', { text: key }))), h('dd', { text: does }))))
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      submit()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || (takesText(event.target) && event.key !== 'Escape')) return
    if (!enabled() && event.key.length === 1) return
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key))
    if (shortcut === undefined || (event.target instanceof HTMLElement && usesItself(event.target, event.key))) return
    event.preventDefault()
    shortcut.act()
  })
}

function takesText (target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=file])')
}

/** Keys that mean something to the control that has the focus. */
function usesItself (target: HTMLElement, key: string): boolean {
  if (key === ' ' || key === 'Enter') return target.matches('button, a, summary, input')
  return /^(Arrow|Home|End)/.test(key) && target.matches('input, .gap')
}
