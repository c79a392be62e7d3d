/** The site at /docs, made from the repository's documents: a page for each, one that lists them, and their pictures. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PageFiles } from '../pages/bundle.js'
import { DOCUMENT } from '../pages/bundle.js'
import { ALL_DOCUMENTS, GROUPS, type Document } from './contents.js'
import { escaped } from './escaped.js'
import { renderMarkdown, type Heading, type Rendered } from './markdown.js'

/** The same place seen from src/ and from dist/. */
const ROOT = new URL('../../../', import.meta.url)
/** The page that lists the others. */
export const INDEX = 'index'
/** Fewer parts are found without a list of them. */
const LISTED = 4

/**
 * @param page with what stands round a document
 * @returns by name: NAME.html for a page, the others are pictures
 * @throws Error where a document, or a picture of one, is not there
 */
export async function buildSite (page: PageFiles): Promise<PageFiles> {
  const around = Buffer.from(page.get(DOCUMENT) ?? '').toString()
  const site = new Map<string, Uint8Array>([[`${INDEX}.html`, Buffer.from(filled(around, 'Documents', indexHtml(), undefined))]])
  const pictures = new Map<string, string>()
  for (const document of ALL_DOCUMENTS) {
    const { html, headings, pictures: shown } = await rendered(document)
    site.set(`${document.name}.html`, Buffer.from(filled(around, document.title, html.replace('</h1>', `</h1>${partsHtml(headings)}`), document)))
    for (const path of shown) {
      const known = pictures.get(basename(path)) ?? path
      if (known !== path) throw new Error(`${document.source} shows ${path}, whose name ${known} has, too`)
      pictures.set(basename(path), path)
    }
  }
  for (const [name, path] of pictures) site.set(name, await readFile(new URL(path, ROOT)))
  return site
}

async function rendered ({ source, title }: Document): Promise<Rendered> {
  const text = await readFile(new URL(source, ROOT), 'utf8')
  if (source.endsWith('.md')) return await renderMarkdown(source, text)
  return { html: `<h1>${escaped(title)}</h1>\n<pre><code>${escaped(text)}</code></pre>\n`, headings: [], pictures: [] }
}

function filled (around: string, title: string, main: string, document: Document | undefined): string {
  const parts: Partial<Record<string, string>> = { title: escaped(title), main, list: listHtml(document) }
  return around.replaceAll(/<!--(\w+)-->/g, (mark, name: string) => parts[name] ?? mark)
}

function indexHtml (): string {
  const groups = GROUPS.map(({ title, documents }) => `<section class="group">
<h2 id="${title.toLowerCase()}">${escaped(title)}</h2>
<ul class="entries">
${documents.map(({ name, title, about }) => `<li><a href="${name}"><b>${escaped(title)}</b> <span>${escaped(about)}</span></a></li>`).join('\n')}
</ul>
</section>`)
  return `<h1>Documents</h1>
<ul class="entries first">
<li><a href="quickstart"><b>Quickstart</b> <span>The first text, in two commands.</span></a></li>
<li><a href="reference/"><b>API reference</b> <span>Every route and field, tried from the page.</span></a></li>
<li><a href="../"><b>Playground</b> <span>Watch a text come into focus.</span></a></li>
</ul>
${groups.join('\n')}
`
}

/** All of them, on the page of each. */
function listHtml (current: Document | undefined): string {
  return GROUPS.map(({ title, documents }) => `<h2>${escaped(title)}</h2>
<ul>
${documents.map(({ name, title }) => `<li><a href="${name}"${name === current?.name ? ' aria-current="page"' : ''}>${escaped(title)}</a></li>`).join('\n')}
</ul>`).join('\n')
}

/** What a document has in it, where that is much. */
function partsHtml (headings: readonly Heading[]): string {
  if (headings.length < LISTED) return ''
  return `
<details class="parts"><summary>On this page</summary>
<ul>
${headings.map(({ slug, text }) => `<li><a href="#${slug}">${escaped(text)}</a></li>`).join('\n')}
</ul>
</details>`
}
