/**
 * The files of a model's folder, read within bounds: whoever starts the service may name any folder, and what lies there may be
 * anything. Nothing here waits for a pipe's writer or reads more than it is told.
 */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { quote, reasonOf } from './quote.js'

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'it is a link that leads back to itself',
  ENXIO: 'it is no file, but a socket or a device',
  EMFILE: 'this process may open no more files',
  ENFILE: 'this machine may open no more files'
}

/** The sentence about a file; all that a model's folder is refused for begins with the file's name. */
export function problem (file: string, what: string, cause?: unknown): Error {
  return new Error(`${quote(file, 4096)}: ${what}`, cause === undefined ? undefined : { cause })
}

/**
 * Open a regular file; links are followed, as in a cache whose folders are links.
 * @throws Error naming the file and why it cannot be read
 */
export async function openFile (file: string): Promise<FileHandle> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK opening a pipe waits until somebody writes to it.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw problem(file, CAUSES[code] ?? reasonOf(cause), cause)
  }
  const kind = await kindOf(handle)
  if (kind === undefined) return handle
  await handle.close()
  throw problem(file, `it is no file, but ${kind}`)
}

/** @throws Error naming the file where it is longer than `maxBytes`, cut off while it is read, or not UTF-8 */
export async function readText (file: string, maxBytes: number): Promise<string> {
  const handle = await openFile(file)
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) throw problem(file, `it has ${size} bytes, where at most ${maxBytes} are expected`)
    const bytes = Buffer.alloc(size)
    let filled = 0
    while (filled < size) {
      const { bytesRead } = await handle.read(bytes, filled, size - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, filled))
    } catch (cause) {
      throw problem(file, 'it is not text in UTF-8', cause)
    }
  } finally {
    await handle.close()
  }
}

/** @throws Error naming the file where it cannot be read or is no JSON */
export async function readJson (file: string, maxBytes: number): Promise<unknown> {
  const text = await readText(file, maxBytes)
  if (text.trim() === '') throw problem(file, 'it is empty')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw problem(file, `it is no JSON, or cut short: ${reasonOf(cause)}`, cause)
  }
}

/** For a file that may be left out: undefined where there is none. @throws whatever else is wrong with it */
export function unlessMissing (error: unknown): undefined {
  if ((error as { cause?: NodeJS.ErrnoException }).cause?.code !== 'ENOENT') throw error
}

async function kindOf (handle: FileHandle): Promise<string | undefined> {
  const stats = await handle.stat()
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return 'a device'
}
