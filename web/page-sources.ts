/** This very page, as text, with its fonts in it. */
import type { Sources } from './replay-page.js'

/** @throws Error where a part of the page does not come */
export async function pageSources (): Promise<Sources> {
  const [page, script, style] = await Promise.all([
    textAt(location.href.replace(/#.*$/, '')), textAt(hrefOf('script[src]', 'src')), textAt(hrefOf('link[rel=stylesheet]', 'href'))
  ])
  return { document: page, script, style: await withFonts(style, hrefOf('link[rel=stylesheet]', 'href')) }
}

function hrefOf (selector: string, attribute: string): string {
  return new URL(document.querySelector(selector)?.getAttribute(attribute) ?? '', document.baseURI).href
}

async function textAt (url: string): Promise<string> {
  return await (await answer(url)).text()
}

async function answer (url: string): Promise<Response> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response
}

async function withFonts (style: string, base: string): Promise<string> {
  let whole = style
  for (const [mark, , name = ''] of style.matchAll(/url\((["']?)([^"')]+\.woff2)\1\)/g)) {
    const bytes = new Uint8Array(await (await answer(new URL(name, base).href)).arrayBuffer())
    const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    whole = whole.replace(mark, `url(data:font/woff2;base64,${data})`)
  }
  return whole
}
