/** How a generation is shown: options that several commands share. */
import type { Arguments } from './arguments.js'
import { VIEWS, type View } from './commands.js'

export interface ShowOptions {
  readonly view: View
  readonly json: boolean
  readonly color: boolean
}

/** @throws UsageError */
export function showOptionsOf (given: Arguments): ShowOptions {
  return {
    view: given.oneOf('view', VIEWS) ?? 'live',
    json: given.flag('json'),
    color: !given.flag('no-color')
  }
}
