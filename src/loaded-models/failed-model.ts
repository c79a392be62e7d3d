/** A model that did not start, and why. */
import { basename, resolve } from 'node:path'
import { nameOf } from '../model/model-folders.js'

/** It will not start before it is loaded again. */
export interface FailedModel {
  /** Its folder's where its manifest tells none. */
  readonly name: string
  readonly directory: string
  /** A sentence that names the file, and what is wrong with it. */
  readonly reason: string
}

/** With a sentence for each. */
export function noneIsLeft (failed: readonly FailedModel[]): Error {
  return new Error(failed.map(({ reason }) => reason).join('\n'))
}

export async function failedModel (directory: string, error: unknown): Promise<FailedModel> {
  return { name: await nameOf(directory) ?? basename(resolve(directory)), directory, reason: sentenceOf(error) }
}

export function sentenceOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
