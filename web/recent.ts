/** The last runs, and recordings out of files: each is shown again as it came. */
import type { Recording } from '../src/client/index.js'
import { button, byId, h, input, toast } from './dom.js'
import { stepsText, toFields, type Fields } from './fields.js'
import { forgetRuns, keepRun, readRuns, type Run } from './local.js'
import { lanesOf, readRecordings, recordingOf } from './recordings.js'
import type { Lane } from './take.js'

const LONGEST_TITLE = 60

/** @param onOpen is given what was recorded, and the form that asks for it once more */
export function addRecent (onOpen: (lanes: readonly Lane[], fields: Fields) => void): { keep: (lanes: readonly Lane[]) => void } {
  const list = byId('runs', HTMLOListElement)
  const file = input('open-file')
  const show = (recordings: readonly Recording[]): void => {
    onOpen(recordings.flatMap(lanesOf), toFields(recordings.map(({ request }) => request)))
  }
  const draw = (runs: readonly Run[]): void => {
    list.replaceChildren(...runs.map((run) => {
      const item = h('button', { class: 'run-item', attributes: { type: 'button' } },
        h('span', { class: 'run-title', text: titleOf(run) }), h('span', { class: 'run-note', text: noteOf(run) }))
      item.addEventListener('click', () => { show(run.recordings) })
      return h('li', {}, item)
    }))
    byId('clear-runs', HTMLElement).hidden = runs.length === 0
  }
  const openFile = async (chosen: File | null | undefined): Promise<void> => {
    if (chosen === null || chosen === undefined) return
    try {
      show(readRecordings(await chosen.text()))
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error))
    }
  }
  button('clear-runs', () => {
    forgetRuns()
    draw([])
  })
  button('open-button', () => { file.click() })
  file.addEventListener('change', () => {
    void openFile(file.files?.[0])
    file.value = ''
  })
  addEventListener('dragover', (event) => { if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault() })
  addEventListener('drop', (event) => {
    if (event.dataTransfer?.files.length === 0) return
    event.preventDefault()
    void openFile(event.dataTransfer?.files[0])
  })
  draw(readRuns())
  return {
    keep: (lanes) => {
      const created = new Date()
      draw(keepRun({ created: created.toISOString(), recordings: lanes.map((lane) => recordingOf(lane, created)) }))
    }
  }
}

function titleOf ({ recordings: [first] }: Run): string {
  const { prompt = '', template } = first?.request ?? {}
  const text = (template ?? prompt).replace(/\[\[(\d+)\]\]/g, '▁▁').replace(/\s+/g, ' ').trim()
  if (text === '') return 'Without a prompt'
  return text.length > LONGEST_TITLE ? `${text.slice(0, LONGEST_TITLE - 1)}…` : text
}

function noteOf ({ created, recordings }: Run): string {
  const steps = recordings.map(({ request, events }) => stepsText(request.steps) || String(events.filter(({ event }) => event === 'step').length))
  return `${steps.join(' and ')} steps · ${new Date(created).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
}
