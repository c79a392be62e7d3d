/** `fewstep replay`: a recorded generation, with the times that it took. */
import { setTimeout as delay } from 'node:timers/promises'
import { MAX_RECORDING_LENGTH, readRecording, RecordingError, replayed, type Recording, type ReplayItem } from '../client/index.js'
import type { Arguments } from './arguments.js'
import { COMMANDS } from './commands.js'
import { present } from './present.js'
import { readInput } from './read-input.js'
import { showOptionsOf, type ShowOptions } from './show-options.js'
import { UsageError } from './usage-error.js'

export interface ReplayCommand extends ShowOptions {
  readonly file: string
  /** Times as fast as it was. */
  readonly speed: number
}

/** @throws UsageError */
export function parseReplayOptions (given: Arguments): ReplayCommand {
  const [file, second] = given.operands
  if (file === undefined) throw new UsageError(`the recording is missing: fewstep ${COMMANDS.replay.name} FILE`)
  if (second !== undefined) throw new UsageError(`one recording is shown at a time; ${second} is one too many`)
  return { ...showOptionsOf(given), file, speed: given.number('speed', 0.01, 1000) ?? 1 }
}

/**
 * @throws Error where the file cannot be read or is no recording, or the signal's reason
 * @throws FewstepError of the client where the generation failed
 */
export async function replay ({ file, speed, ...show }: ReplayCommand, signal: AbortSignal): Promise<void> {
  const recording = read(file, await readInput(file, 4 * MAX_RECORDING_LENGTH))
  const { request } = recording
  // Where nobody watches, nobody waits.
  const watched = process.stdout.isTTY && !show.json && show.view !== 'plain'
  await present({
    items: paced(recording, watched ? speed : Infinity, signal),
    prompt: typeof request.prompt === 'string' ? request.prompt : '',
    drafts: Array.from({ length: outputsOf(recording) }, () => []),
    status: `${recording.model} · ${recording.created}`
  }, show)
}

function read (file: string, text: string): Recording {
  try {
    return readRecording(text)
  } catch (error) {
    throw error instanceof RecordingError ? new Error(`${file}: ${error.message}`, { cause: error }) : error
  }
}

function outputsOf ({ events }: Recording): number {
  return events.reduce((most, { event, data }) => event === 'step' ? Math.max(most, data.index + 1) : most, 1)
}

/** Each event when it is due, counted from the beginning, so that drawing costs no time of the recording's. */
async function * paced (recording: Recording, speed: number, signal: AbortSignal): AsyncGenerator<ReplayItem, void, undefined> {
  const begin = performance.now()
  for (const item of replayed(recording)) {
    const left = begin + item.atMs / speed - performance.now()
    if (left > 0) await delay(left, undefined, { signal })
    signal.throwIfAborted()
    yield item
  }
}
