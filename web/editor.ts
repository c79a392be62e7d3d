/** The prompt: plain text, in which gaps stand as chips. */
import { gapChip, isGap, templateOf } from './gap.js'
import { hasLength, partsOf } from './template.js'

const USUAL_GAP = 6

export class Editor {
  readonly #element: HTMLElement
  readonly #onChange: () => void

  constructor (element: HTMLElement, onChange: () => void) {
    this.#element = element
    this.#onChange = onChange
    try {
      element.contentEditable = 'plaintext-only'
    } catch {
      // Older browsers have rich text alone; what is pasted is made plain below.
    }
    element.addEventListener('input', () => {
      this.#chipTyped()
      onChange()
    })
    // Where plain text only is not known.
    element.addEventListener('paste', (event) => {
      if (element.contentEditable === 'plaintext-only') return
      event.preventDefault()
      this.#insert(document.createTextNode(event.clipboardData?.getData('text/plain') ?? ''))
    })
  }

  /** With gaps as `[[n]]`. */
  get text (): string {
    return textOf(this.#element).replace(/\n$/, '').replaceAll('\u00a0', ' ')
  }

  set text (text: string) {
    this.#element.replaceChildren(...this.#nodesOf(text))
    this.#onChange()
  }

  focus (): void {
    this.#element.focus()
    getSelection()?.selectAllChildren(this.#element)
    getSelection()?.collapseToEnd()
  }

  /** Where the caret is, or at the end; the chip gets the focus, so that its length can be changed at once. */
  insertGap (): void {
    const chip = this.#chip(USUAL_GAP)
    this.#insert(chip)
    chip.focus()
  }

  #insert (node: Node): void {
    const selection = getSelection()
    const range = selection !== null && selection.rangeCount > 0 ? selection.getRangeAt(0) : undefined
    if (range === undefined || !this.#element.contains(range.commonAncestorContainer) || isInGap(range.startContainer)) {
      if (isGap(node) && /\S$/.test(this.text)) this.#element.append(' ')
      this.#element.append(node)
    } else {
      range.deleteContents()
      range.insertNode(node)
      range.collapse(false)
    }
    this.#onChange()
  }

  #chip (tokens: number): HTMLElement {
    return gapChip(tokens, this.#onChange)
  }

  #nodesOf (text: string): Node[] {
    return partsOf(text).map((part) => {
      if (typeof part === 'string') return document.createTextNode(part)
      return 'gap' in part ? this.#chip(part.gap) : document.createTextNode(part.choices)
    })
  }

  /** A gap that was typed or pasted as text becomes a chip, and the caret goes on behind it. */
  #chipTyped (): void {
    const walker = document.createTreeWalker(this.#element, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (!hasLength(node.nodeValue ?? '')) continue
      const nodes = this.#nodesOf(node.nodeValue ?? '')
      const last = nodes.at(-1)
      ;(node as Text).replaceWith(...nodes)
      if (last !== undefined) placeCaretAfter(last as ChildNode)
      return
    }
  }
}

function placeCaretAfter (node: ChildNode): void {
  const siblings = [...node.parentNode?.childNodes ?? []]
  getSelection()?.setPosition(node.parentNode, siblings.indexOf(node) + 1)
}

function textOf (node: Node): string {
  return [...node.childNodes].map((child) => {
    if (isGap(child)) return templateOf(child)
    if (child instanceof HTMLBRElement) return '\n'
    if (child instanceof HTMLDivElement) return `\n${textOf(child)}`
    return child instanceof Text ? child.data : textOf(child)
  }).join('')
}

function isInGap (node: Node): boolean {
  return isGap(node) || (node.parentNode !== null && isGap(node.parentNode))
}
