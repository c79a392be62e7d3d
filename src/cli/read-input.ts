/** Text from standard input or a file, within bounds. */
import { createReadStream, fstatSync } from 'node:fs'

/** Whether a shell pipes something in: a terminal, /dev/null or nothing at all does not, and a socket may never end. */
export function isPiped (): boolean {
  try {
    const stats = fstatSync(0)
    return stats.isFIFO() || stats.isFile()
  } catch {
    return false
  }
}

/**
 * @param file `-`: standard input
 * @throws Error naming it where it cannot be read or has more than `maxBytes`
 */
export async function readInput (file: string, maxBytes: number): Promise<string> {
  const name = file === '-' ? 'standard input' : file
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length
      if (bytes > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
  }
  return Buffer.concat(chunks).toString('utf8')
}
