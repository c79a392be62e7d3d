/** What the command writes on its standard output: all of it, or an error. */
import { fstatSync, writeFileSync } from 'node:fs'

/** @throws Error where stdout is a file that cannot take all of it; on pipes and terminals the stream's `error` event says so */
export function print (text: string): void {
  const { fd } = process.stdout
  if (!fstatSync(fd).isFile()) {
    process.stdout.write(text)
    return
  }
  try {
    // Node's stream for files takes a write that a full disk cut short for a whole one; given bytes, this writes them all.
    writeFileSync(fd, Buffer.from(text))
  } catch (error) {
    throw cannotPrint(error)
  }
}

export function cannotPrint (cause: unknown): Error {
  return new Error('cannot write to stdout', { cause })
}
