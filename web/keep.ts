/** What one takes along: the text, the request as code or as a link, the recording as a file. */
import { button, byId, h, toast } from './dom.js'
import { toFragment } from './share.js'
import { toFields } from './fields.js'
import { recordingOf } from './recordings.js'
import { pageSources } from './page-sources.js'
import { replayPage } from './replay-page.js'
import { BASE, hasKey } from './run.js'
import { SNIPPETS, type SnippetName } from './snippets.js'
import { textOf, type Lane } from './take.js'

export interface Keep {
  copyText (): Promise<void>
  copyAs (name: SnippetName): Promise<void>
  share (): Promise<void>
  download (): Promise<void>
}

export function addKeep (current: () => readonly Lane[]): Keep {
  const keep: Keep = {
    async copyText () {
      await copy(current().map((lane) => textOf(lane)).join('\n\n'), 'Text copied')
    },
    async copyAs (name) {
      const [lane] = current()
      if (lane !== undefined) await copy(SNIPPETS[name](withSeed(lane), { base: BASE, key: hasKey() }), `Copied as ${name}`)
    },
    async share () {
      const link = `${location.href.replace(/#.*$/, '')}#${toFragment(toFields(current().map(withSeed)))}`
      history.replaceState(null, '', link)
      await copy(link, 'Link copied: the request is in it, and nothing was sent')
    },
    async download () {
      const lanes = current()
      const page = replayPage(await pageSources(), lanes.map((lane) => recordingOf(lane, new Date())))
      const url = URL.createObjectURL(new Blob([page], { type: 'text/html' }))
      h('a', { attributes: { href: url, download: 'fewstep-replay.html' } }).click()
      setTimeout(() => { URL.revokeObjectURL(url) }, 10_000)
      toast('One file that replays without a server')
    }
  }
  const menu = byId('copy-menu', HTMLElement)
  const opener = button('copy-as', () => { open(menu.hidden) })
  const open = (shown: boolean): void => {
    menu.hidden = !shown
    opener.setAttribute('aria-expanded', String(shown))
  }
  menu.addEventListener('click', ({ target }) => {
    const name = target instanceof HTMLElement ? target.dataset['copy'] : undefined
    if (name === undefined) return
    open(false)
    opener.focus()
    void keep.copyAs(name as SnippetName)
  })
  addEventListener('pointerdown', ({ target }) => { if (!(target instanceof Element && target.closest('.menu') !== null)) open(false) })
  menu.parentElement?.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || menu.hidden) return
    event.stopPropagation()
    open(false)
    opener.focus()
  })
  button('copy-text', () => { void keep.copyText() })
  button('share', () => { void keep.share() })
  button('download', () => { void keep.download().catch((error: unknown) => { toast(String(error)) }) })
  return keep
}

/** What was drawn at random can be drawn again; that the page also asked for the confidence is its own affair. */
function withSeed ({ request: { confidence, ...request }, generation }: Lane): Lane['request'] {
  const seed = generation?.outputs[0]?.seed
  return seed === undefined ? request : { ...request, seed }
}

async function copy (text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Browsers have the clipboard on https and localhost only.
    const area = h('textarea', { class: 'visually-hidden', text })
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  toast(done)
}
