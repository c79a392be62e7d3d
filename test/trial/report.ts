/** What the long form of a trial saw, as a line of the table in docs/reliability.md. */
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url)
const HEADING = '## What the long forms saw'

export interface Outcome {
  /** Names its line: another run of the same trial takes its place. */
  readonly trial: string
  readonly seen: string
  /** Whether all was as promised. */
  readonly kept: boolean
}

export function tableLine ({ trial, seen, kept }: Outcome, date: Date): string {
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
  const machine = `${availableParallelism()} CPUs (${process.arch}), Node ${process.versions.node}`
  return `| ${trial} | ${day}, ${machine} | ${seen} | ${kept ? 'yes' : '**no**'} |`
}

/**
 * The document with the line instead of the one of the same trial, or as the last of the table.
 * @throws Error where it has no such table
 */
export function withLine (document: string, line: string): string {
  const lines = document.split('\n')
  const heading = lines.indexOf(HEADING)
  const begin = lines.findIndex((each, i) => i > heading && /^\|-/.test(each)) + 1
  if (heading < 0 || begin === 0) throw new Error(`there is no table below ${HEADING}`)
  let end = begin
  while (lines[end]?.startsWith('| ') === true) end++
  const nameOf = (each = ''): string | undefined => each.split(' | ')[0]
  const old = lines.findIndex((each, i) => i >= begin && i < end && nameOf(each) === nameOf(line))
  lines.splice(old < 0 ? end : old, old < 0 ? 0 : 1, line)
  return lines.join('\n')
}

/** Prints the line, and with `write` puts it into the document. Exit code 1: a promise was broken. */
export async function report (outcome: Outcome, { write = false }: { readonly write?: boolean | undefined }): Promise<void> {
  const line = tableLine(outcome, new Date())
  console.log(line)
  if (write) await writeFile(DOCUMENT, withLine(await readFile(DOCUMENT, 'utf8'), line))
  if (!outcome.kept) process.exitCode = 1
}
