/** A recording as one HTML file: this very page, with everything in it that it needs. It asks nobody for anything. */
import { recordingElement, type Recording } from '../src/client/index.js'

const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; img-src data:"

/** What the page is made of. */
export interface Sources {
  readonly document: string
  readonly script: string
  /** Its fonts as data. */
  readonly style: string
}

export function replayPage ({ document, script, style }: Sources, recordings: readonly Recording[]): string {
  const [first, second] = recordings.map(recordingElement)
  const data = `${first ?? ''}${second?.replace('id="fewstep-recording"', 'id="fewstep-recording-2"') ?? ''}`
  return document
    .replace(/<link rel="preload"[^>]*>\n?/g, '')
    .replace(/<meta charset="utf-8">/, (meta) => `${meta}\n<meta http-equiv="content-security-policy" content="${POLICY}">`)
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style.replaceAll('</', '<\\/')}</style>`)
    .replace(/<script src=[^>]*><\/script>\n?/, '')
    .replace('</body>', () => `${data}\n<script>${script.replaceAll('</script', '<\\/script')}</script>\n</body>`)
}
