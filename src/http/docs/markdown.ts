/** Markdown as the repository has it to HTML as the site has it. Raw HTML is shown, not taken. */
import type { RendererObject, Token, Tokens } from 'marked'
import { documentOf } from './contents.js'
import { escaped } from './escaped.js'
import { linkFrom, pictureAt, resolved } from './links.js'
import { Slugs } from './slugs.js'

export interface Heading {
  readonly slug: string
  readonly text: string
}

export interface Rendered {
  readonly html: string
  /** Those of its parts. */
  readonly headings: readonly Heading[]
  /** Pictures that it shows, from the repository's root. */
  readonly pictures: readonly string[]
}

/**
 * Needs marked, as `npm install` puts it there for development.
 * @param source where the text is from, for its links
 */
export async function renderMarkdown (source: string, markdown: string): Promise<Rendered> {
  const { Marked } = await import('marked')
  const [headings, pictures, slugs]: [Heading[], string[], Slugs] = [[], [], new Slugs()]
  const renderer: RendererObject = {
    heading ({ tokens, depth }) {
      const text = textOf(tokens)
      const slug = slugs.of(text)
      if (depth === 2) headings.push({ slug, text })
      const inner = this.parser.parseInline(tokens)
      return depth === 1
        ? `<h1 id="${slug}">${inner}</h1>\n`
        : `<h${depth} id="${slug}"><a class="here" href="#${slug}">${inner}</a></h${depth}>\n`
    },
    link ({ href, text, tokens }) {
      const inner = this.parser.parseInline(tokens)
      const link = linkFrom(source, href)
      if (link === undefined) return `<span class="elsewhere" title="In the repository: ${escaped(resolved(source, href))}">${inner}</span>`
      // Files have names in the repository, and titles here.
      const title = text.endsWith('.md') ? documentOf(resolved(source, href.split('#', 1)[0] ?? ''))?.title : undefined
      return `<a href="${escaped(link)}">${title === undefined ? inner : escaped(title)}</a>`
    },
    image ({ href, text }) {
      const path = resolved(source, href)
      pictures.push(path)
      return `<img src="${escaped(pictureAt(path))}" alt="${escaped(text)}" loading="lazy">`
    },
    code ({ text, lang = '' }) {
      return `<pre${lang === '' ? '' : ` class="language-${escaped(lang.split(' ', 1)[0] ?? '')}"`}><code>${escaped(text)}\n</code></pre>\n`
    },
    // Wider than a phone, it is moved sideways, by keys too.
    table ({ header, rows }) {
      const rowOf = (cells: readonly Tokens.TableCell[]): string => `<tr>${cells.map(({ tokens, align, header, text }) => {
        const tag = header && text !== '' ? 'th' : 'td'
        return `<${tag}${align === null ? '' : ` class="${align}"`}>${this.parser.parseInline(tokens)}</${tag}>`
      }).join('')}</tr>`
      return `<div class="table" role="group" aria-label="Table" tabindex="0"><table>
<thead>${rowOf(header)}</thead>
<tbody>${rows.map(rowOf).join('\n')}</tbody>
</table></div>\n`
    },
    html: ({ text }) => escaped(text)
  }
  const html = await new Marked({ gfm: true, renderer }).parse(markdown)
  return { html, headings, pictures }
}

function textOf (tokens: readonly Token[]): string {
  return tokens.map((token) => 'tokens' in token && token.tokens !== undefined ? textOf(token.tokens) : 'text' in token ? String(token.text) : token.raw).join('')
}
