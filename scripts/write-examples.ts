/**
 * Writes what the embedded models answer now into the documents' examples: npx tsx scripts/write-examples.ts FILE...
 *
 * After a change of model. Layout stays as it is, and so do ids and timings; an answer of another shape is named, for a person to write.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { startDocumented } from '../test/support/documented.js'
import { examplesIn, parseAnswer } from '../test/support/examples.js'

const KEPT = /^(id|created|request_id|folder|hash|loaded_at|.*_ms)$/

const documented = await startDocumented()

for (const file of process.argv.slice(2)) {
  let text = await readFile(file, 'utf8')
  for (const example of examplesIn(text)) {
    const { answer } = example
    const { path, response, body: got } = await documented.ask(example)
    if (answer === undefined) continue
    const { body } = parseAnswer(answer)
    const type = response.headers.get('content-type') ?? ''
    const renewed = type.startsWith('text/event-stream')
      ? renewedStream(body, got)
      : type.startsWith('application/json') ? renewedJson(body, JSON.parse(body), JSON.parse(got), `${file}: ${path}`) : body
    text = text.replace(answer, () => answer.replace(body, () => renewed))
  }
  await writeFile(file, text)
}
await documented.stop()

/** Each block of a stream that is shown, as it is now: counted from the first, or, after one that says "...", from the last. */
function renewedStream (shown: string, got: string): string {
  const [blocks, events] = [shown.trimEnd().split('\n\n'), got.trimEnd().split('\n\n')]
  const gap = blocks.indexOf('...')
  return blocks.map((block, i) => {
    if (i === gap) return block
    const event = gap === -1 || i < gap ? events[i] : events.at(i - blocks.length)
    return withKept(block, event ?? block)
  }).join('\n\n')
}

/** An event with the ids and the timings of the one that was shown. */
function withKept (shown: string, event: string): string {
  return event.replace(/"(id|created|[a-z]+_ms)":("[^"]*"|[\d.]+)/g, (now, name: string) => new RegExp(`"${name}":("[^"]*"|[\\d.]+)`).exec(shown)?.[0] ?? now)
}

/** The text of a JSON answer, with each value that is another one now in its place. */
function renewedJson (text: string, shown: unknown, got: unknown, where: string): string {
  let [done, rest] = ['', text]
  const walk = (before: unknown, now: unknown, place: string): void => {
    if (isLeaf(before)) {
      const written = JSON.stringify(before)
      const at = rest.indexOf(written)
      if (at === -1) return console.error(`${where}: ${place} is not found as it is written: ${written}`)
      const kept = KEPT.test(place.split('.').at(-1) ?? '')
      done += rest.slice(0, at) + (kept || typeof now !== typeof before ? written : JSON.stringify(now))
      rest = rest.slice(at + written.length)
      return
    }
    const [one, other] = [Object.entries(before as object), now as Record<string, unknown>]
    if (Object.keys(other).length !== one.length) console.error(`${where}: ${place} has ${Object.keys(other).length} entries, ${one.length} are shown`)
    for (const [key, value] of one) {
      if (!Array.isArray(before)) {
        const at = rest.indexOf(`"${key}"`) + key.length + 2
        done += rest.slice(0, at)
        rest = rest.slice(at)
      }
      walk(value, other[key], `${place}.${key}`)
    }
  }
  walk(shown, got, '')
  return done + rest
}

/** A value that is written in one go: a list of numbers or texts, too. */
function isLeaf (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Array.isArray(value) && value.every((each) => typeof each !== 'object' || each === null)
}
