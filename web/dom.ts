/** Short words for the document. */

interface Properties {
  readonly class?: string
  readonly text?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** A new element. Texts are never read as HTML. */
export function h<Tag extends keyof HTMLElementTagNameMap> (
  tag: Tag, { class: className, text, attributes = {} }: Properties = {}, ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className !== undefined) element.className = className
  if (text !== undefined) element.textContent = text
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/**
 * What web/index.html has under an id.
 * @throws Error where it has nothing of that kind
 */
export function byId<Kind extends HTMLElement> (id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} #${id}`)
}

/** Written only where it differs: each writing would be looked at anew by whatever depends on it. */
export function setAttribute (element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

export function setText (element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function input (id: string): HTMLInputElement {
  return byId(id, HTMLInputElement)
}

export function button (id: string, onClick: () => void): HTMLButtonElement {
  const element = byId(id, HTMLButtonElement)
  element.addEventListener('click', onClick)
  return element
}

/** Put these options into a select, the chosen one kept where it is still there. */
export function setOptions (select: HTMLSelectElement, options: ReadonlyArray<readonly [value: string, label: string]>): void {
  const { value } = select
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value)))
  select.value = options.some(([each]) => each === value) ? value : options[0]?.[0] ?? ''
}

/** A message for a moment, read out too. */
export function toast (message: string): void {
  const element = byId('toast', HTMLElement)
  element.textContent = message
  element.classList.add('shown')
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => { element.classList.remove('shown') }, 2600)
}

let toastTimer: ReturnType<typeof setTimeout> | undefined

export function prefersStill (): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
