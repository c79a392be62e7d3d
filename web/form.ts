/** The form: fields as they stand, the chosen model's defaults, the server's messages beside their fields. */
import { FewstepError, type ModelCard } from '../src/client/index.js'
import { button, byId, h, input, setOptions } from './dom.js'
import { Editor } from './editor.js'
import { usualSchedule, type Fields } from './fields.js'
import { compact } from './numbers.js'
import { hasGap } from './template.js'

const BUDGETS = [1, 2, 4, 8, 16, 32, 64]
/** 2^31: seeds that people can copy by hand. */
const SEEDS = 2_147_483_648

type Name = Exclude<keyof Fields, 'text' | 'compare'>
/** Those that few need. */
const MORE = ['solver', 'schedule', 'jumps', 'stop', 'block', 'reveal', 'priority'] as const satisfies readonly Name[]
const ELEMENTS: Record<Name, string> = {
  model: 'model',
  steps: 'steps',
  length: 'length',
  temperature: 'temperature',
  seed: 'seed',
  solver: 'solver',
  schedule: 'schedule',
  jumps: 'jumps',
  stop: 'stop',
  block: 'block',
  reveal: 'reveal',
  priority: 'priority',
  steps2: 'steps-2',
  model2: 'model-2'
}
type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

export class Form {
  readonly #element = byId('ask', HTMLFormElement)
  readonly #editor: Editor
  readonly #compare = input('compare')
  #models: readonly ModelCard[] = []

  /** @param onChange after any field changed */
  constructor (onSubmit: () => void, onChange: () => void) {
    const changed = (): void => {
      this.#reflect()
      onChange()
    }
    const prompt = byId('prompt', HTMLElement)
    this.#editor = new Editor(prompt, changed)
    prompt.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.repeat || event.isComposing) return
      event.preventDefault()
      onSubmit()
    })
    this.#element.addEventListener('submit', (event) => {
      event.preventDefault()
      onSubmit()
    })
    this.#element.addEventListener('input', changed)
    for (const id of ['model', 'model-2', 'compare']) byId(id, HTMLElement).addEventListener('change', () => { this.#showDefaults() })
    button('gap-button', () => { this.insertGap() })
    button('die', () => { this.roll() })
    this.#slider('length')
    this.#slider('temperature')
    byId('steps-picks', HTMLElement).append(...BUDGETS.map((steps) => {
      const pick = h('button', { class: 'pick', text: String(steps), attributes: { type: 'button', 'aria-label': `${steps} steps` } })
      pick.addEventListener('click', () => { this.#set('steps', String(steps)) })
      return pick
    }))
  }

  get fields (): Fields {
    const values = Object.fromEntries(Object.entries(ELEMENTS).map(([name, id]) => [name, control(id).value])) as Record<Name, string>
    return { text: this.#editor.text, ...values, compare: this.#compare.checked ? 'on' : '' }
  }

  set fields ({ text, compare, ...values }: Fields) {
    // The models first: what else can be chosen is theirs.
    this.#put({ model: values.model, model2: values.model2 })
    this.#compare.checked = compare !== ''
    this.#showDefaults()
    this.#put(values)
    this.#editor.text = text
    this.#showDefaults()
    if (MORE.some((name) => values[name] !== '')) byId('more', HTMLDetailsElement).open = true
  }

  get models (): readonly ModelCard[] {
    return this.#models
  }

  set models (models: readonly ModelCard[]) {
    this.#models = models
    const options = models.map(({ id, parameters }) => [id, `${id} · ${compact(parameters)}`] as const)
    setOptions(byId('model', HTMLSelectElement), options)
    setOptions(byId('model-2', HTMLSelectElement), [['', 'the same'], ...options])
    this.#showDefaults()
  }

  focus (): void {
    this.#editor.focus()
  }

  insertGap (): void {
    this.#editor.insertGap()
  }

  roll (): void {
    this.#set('seed', String(Math.floor(Math.random() * SEEDS)))
  }

  toggleCompare (): void {
    this.#compare.click()
    byId('settings', HTMLDetailsElement).open = true
  }

  /** @param second whether it is the second of two that are compared */
  showError (error: unknown, second = false): void {
    const field = error instanceof FewstepError ? error.field : undefined
    const place = (second ? this.#place(`${field}-2`) : undefined) ?? this.#place(field)
    const message = place?.querySelector<HTMLElement>('.error') ?? byId('general-error', HTMLElement)
    message.textContent = error instanceof Error ? error.message : String(error)
    message.hidden = false
    const at = place?.querySelector<HTMLElement>('.editor, input:not([type=range]), select, textarea')
    at?.setAttribute('aria-invalid', 'true')
    for (let around = place?.parentElement; around instanceof HTMLElement; around = around.parentElement) {
      if (around instanceof HTMLDetailsElement) around.open = true
    }
    at?.focus()
  }

  clearErrors (): void {
    for (const error of this.#element.querySelectorAll<HTMLElement>('.error')) error.hidden = true
    for (const each of this.#element.querySelectorAll('[aria-invalid]')) each.removeAttribute('aria-invalid')
  }

  #place (field: string | undefined): HTMLElement | undefined {
    if (field === undefined) return undefined
    return [...this.#element.querySelectorAll<HTMLElement>('[data-field]')].find(({ dataset }) => dataset['field']?.split(' ').includes(field))
  }

  /** What the server does not have is not asked for. */
  #put (values: Partial<Record<Name, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      const element = control(ELEMENTS[name as Name])
      element.value = value
      if (element instanceof HTMLSelectElement && element.selectedIndex < 0) element.selectedIndex = 0
    }
  }

  #set (name: Name, value: string): void {
    const element = control(ELEMENTS[name])
    element.value = value
    element.dispatchEvent(new Event('input', { bubbles: true }))
  }

  /** A slider beside a number, each of which moves the other. */
  #slider (name: 'length' | 'temperature'): void {
    input(`${name}-range`).addEventListener('input', ({ target }) => { this.#set(name, (target as HTMLInputElement).value) })
  }

  /** What follows from the fields as they are. */
  #reflect (): void {
    const { text, steps } = this.fields
    const card = this.#card
    if (card !== undefined) input('schedule').placeholder = usualSchedule(card, this.fields)
    const isTemplate = hasGap(text)
    byId('prompt-label', HTMLElement).textContent = isTemplate ? 'Template' : 'Prompt'
    for (const each of [input('length'), input('length-range'), input('block')]) each.disabled = isTemplate
    input('length').placeholder = isTemplate ? 'gaps' : '128'
    input('block').placeholder = isTemplate ? 'gaps' : 'all at once'
    byId('second', HTMLElement).hidden = !this.#compare.checked
    const chosen = steps.trim() || input('steps').placeholder
    for (const pick of this.#element.querySelectorAll('.pick')) pick.setAttribute('aria-pressed', String(pick.textContent === chosen))
    for (const name of ['length', 'temperature']) {
      const { value, placeholder } = input(name)
      input(`${name}-range`).value = value === '' ? placeholder : value
    }
  }

  get #card (): ModelCard | undefined {
    const { value } = byId('model', HTMLSelectElement)
    return this.#models.find(({ id }) => id === value)
  }

  #showDefaults (): void {
    const card = this.#card
    if (card !== undefined) {
      const { defaults, solvers, schedules, max_length: most } = card
      input('steps').placeholder = String(defaults.steps)
      input('temperature').placeholder = String(defaults.temperature)
      input('length-range').max = String(most)
      byId('schedules', HTMLDataListElement).replaceChildren(...schedules.map((name) => new Option(name, name)))
      const byDefault = (chosen: string | undefined): readonly [string, string] => ['', `default${chosen === undefined ? '' : `: ${chosen}`}`]
      setOptions(byId('solver', HTMLSelectElement), [byDefault(defaults.solver), ...solvers.map((name) => [name, name] as const)])
      setOptions(byId('jumps', HTMLSelectElement), [byDefault(defaults.jumps), ['spread', 'spread'], ['independent', 'independent']])
      for (const id of ['solver', 'jumps']) byId(id, HTMLSelectElement).disabled = solvers.length === 0
      this.#offerReveal([card, ...this.#compare.checked ? this.#models.filter(({ id }) => id === control('model-2').value) : []])
    }
    this.#reflect()
  }

  /** To models that have it; what another one was asked for is not kept for them. */
  #offerReveal (cards: readonly ModelCard[]): void {
    const offered = cards.some(({ supports }) => supports.reveal_above)
    byId('reveal-field', HTMLElement).hidden = !offered
    if (!offered) input('reveal').value = ''
  }
}

function control (id: string): Control {
  return byId(id, HTMLElement) as Control
}
