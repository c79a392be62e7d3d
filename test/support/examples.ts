/** The examples of a document: a `curl` in a fenced block of `sh`, and in one of `http` after it what it answers. */

export interface Example {
  /** As it is written. */
  readonly command: string
  /** The word after `sh`: which service it is for. */
  readonly service: string
  readonly answer: string | undefined
}

export interface Asked {
  readonly path: string
  readonly init: { readonly method: string, readonly headers: Record<string, string>, readonly body?: string }
}

/** Where the documents say that the service is. */
const ADDRESS = 'http://127.0.0.1:8080'

export function examplesIn (markdown: string): Example[] {
  const blocks = /^```sh ?(\w*)\n(curl (?:(?!```)[^])*)\n```\n(?:\n```http\n((?:(?!```)[^])*)\n```\n)?/gm
  return [...markdown.matchAll(blocks)].map(([, service = '', command = '', answer]) => ({ service, command, answer }))
}

/** What follows `npx fewstep` in the lines of fenced blocks of `sh`, word by word. */
export function commandsIn (markdown: string): string[][] {
  return [...markdown.matchAll(/^```sh\n(npx fewstep [^]*?)\n```$/gm)].flatMap(([, lines = '']) => lines.split('\n')).map((line) => wordsOf(line).slice(2))
}

/** @throws Error where it is no command that can be read here */
export function parseCurl (command: string): Asked {
  const [, ...words] = wordsOf(command)
  const headers: Record<string, string> = {}
  let [url, method, body]: Array<string | undefined> = []
  while (words.length > 0) {
    const word = words.shift() ?? ''
    if (word === '-N' || word === '-i') continue
    if (word === '-H') {
      const [name = '', value = ''] = (words.shift() ?? '').split(/: */, 2)
      headers[name] = value
    } else if (word === '-d') body = words.shift()
    else if (word === '-X') method = words.shift()
    else if (word.startsWith(ADDRESS)) url = word
    else throw new Error(`what is ${word} in ${command}?`)
  }
  if (url === undefined) throw new Error(`no address in ${command}`)
  return {
    path: url.slice(ADDRESS.length),
    init: { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, ...(body === undefined ? {} : { body }) }
  }
}

/** Of a shell's command line: quotes hold what is in them together. */
function wordsOf (command: string): string[] {
  const words = command.replaceAll('\\\n', ' ').match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? []
  return words.map((word) => word.replace(/^(['"])([^]*)\1$/, '$2'))
}

export interface Shown {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

export function parseAnswer (answer: string): Shown {
  const [head = '', ...body] = answer.split('\n\n')
  const [line = '', ...headers] = head.split('\n')
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]),
    headers: headers.map((header) => header.split(/: */, 2) as [string, string]),
    body: body.join('\n\n')
  }
}

/** What programs depend on is what is shown, not only of its kind. */
const LITERAL = new Set(['code', 'object', 'param', 'type', 'finish_reason'])

/** Where an answer has another shape than the one that is shown; undefined: nowhere. */
export function difference (shown: unknown, got: unknown, place = ''): string | undefined {
  const last = place.split('.').at(-1) ?? ''
  if (kindOf(shown) !== kindOf(got)) return `${place} is ${kindOf(got)}, not ${kindOf(shown)}`
  if (LITERAL.has(last) && typeof shown === 'string' && shown !== got) return `${place} is ${String(got)}, not ${shown}`
  if (Array.isArray(shown) && Array.isArray(got)) {
    if (shown.length > 0 && got.length === 0) return `${place} is empty`
    return got.map((one, i) => difference(shown[Math.min(i, shown.length - 1)] ?? one, one, `${place}.${i}`)).find((each) => each !== undefined)
  }
  if (typeof shown !== 'object' || shown === null) return undefined
  const [shownKeys, gotKeys] = [Object.keys(shown), Object.keys(got as object)]
  const missing = shownKeys.find((key) => !gotKeys.includes(key))
  if (missing !== undefined) return `${place} has no ${missing}`
  const extra = gotKeys.find((key) => !shownKeys.includes(key))
  if (extra !== undefined) return `${place} has ${extra}, which is not shown`
  return shownKeys.map((key) => difference((shown as Record<string, unknown>)[key], (got as Record<string, unknown>)[key], `${place}.${key}`))
    .find((each) => each !== undefined)
}

function kindOf (value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}

/** The first and the last events of a stream: what is between them is of the same kind, and documents leave it out. */
export function endsOf (stream: string): unknown[] {
  const events = stream.split('\n\n').filter((block) => block.includes('data: ')).map((block) => {
    const data = /^data: (.*)$/m.exec(block)?.[1] ?? ''
    return { event: /^event: (.*)$/m.exec(block)?.[1] ?? '', data: data.startsWith('{') ? JSON.parse(data) as unknown : data }
  })
  return [events[0], events.at(-1)]
}
