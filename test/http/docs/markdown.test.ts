/** From the repository's Markdown to pages. */
import t from 'tap'
import { renderMarkdown } from '../../../src/http/docs/markdown.js'
import { Slugs } from '../../../src/http/docs/slugs.js'

const html = async (markdown: string, source = 'docs/api.md'): Promise<string> => (await renderMarkdown(source, markdown)).html

t.test('headings have the names that GitHub gives them', (t) => {
  const slugs = new Slugs()
  t.same(['POST /v1/chat/completions', "What OpenAI's routes have in common", 'Keys & limits', 'A_b: c – d', 'Write', 'Write', 'Über uns'].map((text) => slugs.of(text)),
    ['post-v1chatcompletions', 'what-openais-routes-have-in-common', 'keys--limits', 'a_b-c--d', 'write', 'write-1', 'über-uns'])
  t.end()
})

t.test('a heading can be linked to, whatever marks are in it', async (t) => {
  const { html, headings } = await renderMarkdown('docs/api.md', '# `A` & *b*\n\n## POST `/v1/x`\n\n### c')
  t.match(html, '<h1 id="a--b"><code>A</code> &amp; <em>b</em></h1>')
  t.match(html, '<h2 id="post-v1x"><a class="here" href="#post-v1x">POST <code>/v1/x</code></a></h2>')
  t.same(headings, [{ slug: 'post-v1x', text: 'POST /v1/x' }])
})

t.test('links lead to pages, headings and this service; what only the repository has is no link', async (t) => {
  t.match(await html('[a](score.md#choices)'), '<a href="score#choices">a</a>')
  t.match(await html('[a](../deploy/README.md)'), '<a href="deploy">a</a>')
  t.match(await html('[settings](.env.example)', 'README.md'), '<a href="settings">settings</a>')
  t.match(await html('[a](#there)'), '<a href="#there">a</a>')
  t.match(await html('[score.md](score.md)'), '<a href="score">Scores</a>', 'by its title')
  t.match(await html('Open http://127.0.0.1:8080 and http://127.0.0.1:8080/docs.'), /href="\.\.\/">.*href="\.\.\/docs">/)
  t.match(await html('[a](https://example.org/x.md)'), 'href="https://example.org/x.md"')
  t.match(await html('[a](../openapi/openapi.json)'), 'href="../openapi.json"')
  const elsewhere = await html('[rules](../scripts/rooms.js)')
  t.notMatch(elsewhere, 'href')
  t.match(elsewhere, 'title="In the repository: scripts/rooms.js">rules<')
})

t.test('pictures are shown, and named for whoever collects them', async (t) => {
  const { html, pictures } = await renderMarkdown('docs/budgets.md', '![A "plot"](../models/m/plot.svg)')
  t.match(html, '<img src="files/plot.svg" alt="A &quot;plot&quot;"')
  t.same(pictures, ['models/m/plot.svg'])
})

t.test('raw HTML is shown, not taken', async (t) => {
  t.notMatch(await html('a <b onclick="x">b</b>\n\n<script>alert(1)</script>\n\n`<i>`'), /<b|<script|<i>/)
})

t.test('code keeps what is in it; tables have heads and sides', async (t) => {
  t.match(await html('```sh keys\na < "b"\n```'), '<pre class="language-sh"><code>a &lt; &quot;b&quot;\n</code></pre>')
  t.match(await html('| a | |\n|---|--:|\n| 1 | 2 |'), /<thead><tr><th>a<\/th><td class="right"><\/td><\/tr><\/thead>\s*<tbody><tr><td>1<\/td><td class="right">2<\/td>/)
})
