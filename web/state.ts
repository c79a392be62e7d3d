/** What the page shows, and how it changes: a pure reducer. */
import type { ReplayItem } from '../src/client/index.js'
import { durationMs, framesOf, withItem, type Lane } from './take.js'

export const VIEWS = ['live', 'timeline', 'confidence', 'plain'] as const
export type View = typeof VIEWS[number]

/** Of a replay: how many times faster than it was. */
export const SPEEDS = [2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64] as const
/** auto: slow enough to be followed. */
export type Speed = 'auto' | number

/** So long a replay takes at least, where nobody has chosen its speed. */
const EASY_MS = 3200
/** How long the marks of the last refinement stay, in ms of the reader's time. */
const LINGER_MS = 700

export interface State {
  readonly lanes: readonly Lane[]
  readonly running: boolean
  /** How many refinements, of all lanes together, have been shown. */
  readonly frame: number
  /** What the last of them changed is not marked any more: the text is looked at, not its making. */
  readonly resting: boolean
  readonly playing: boolean
  /** Of the replay: ms since the request was sent. */
  readonly clockMs: number
  /** Of the reader's time, since the last refinement was shown. */
  readonly lingeredMs: number
  readonly speed: Speed
  readonly view: View
  /** Of the legend, what is looked for. */
  readonly lit: number | undefined
}

export type Action =
  | { readonly type: 'began', readonly lanes: readonly Lane[] }
  | { readonly type: 'arrived', readonly lane: number, readonly item: ReplayItem }
  | { readonly type: 'ended' }
  /** A recording, whole. */
  | { readonly type: 'opened', readonly lanes: readonly Lane[] }
  | { readonly type: 'sought', readonly frame: number }
  | { readonly type: 'played' }
  | { readonly type: 'paused' }
  /** So many ms of the reader's time have passed. */
  | { readonly type: 'passed', readonly ms: number }
  | { readonly type: 'viewed', readonly view: View }
  | { readonly type: 'sped', readonly speed: Speed }
  | { readonly type: 'lit', readonly lit: number | undefined }

export const INITIAL: State = {
  lanes: [], running: false, frame: 0, resting: true, playing: false, clockMs: 0, lingeredMs: 0, speed: 'auto', view: 'live', lit: undefined
}

export function reduce (state: State, action: Action): State {
  switch (action.type) {
    case 'began': return { ...state, ...STILL, lanes: action.lanes, running: true, frame: 0, resting: false, lit: undefined }
    case 'arrived': return arrived(state, action.lane, action.item)
    case 'ended': return { ...state, running: false, resting: true }
    case 'opened': return { ...state, ...STILL, lanes: action.lanes, running: false, frame: framesOf(action.lanes).length, resting: true, lit: undefined }
    case 'sought': return { ...state, ...STILL, frame: clamp(action.frame, framesOf(state.lanes).length), resting: false }
    case 'played': return played(state)
    case 'paused': return { ...state, playing: false }
    case 'passed': return passed(state, action.ms)
    case 'viewed': return { ...state, view: action.view, lit: undefined }
    case 'sped': return { ...state, speed: action.speed }
    case 'lit': return { ...state, lit: action.lit }
  }
}

const STILL = { playing: false, clockMs: 0, lingeredMs: 0 }

/** While it runs, what came last is shown. */
function arrived (state: State, at: number, item: ReplayItem): State {
  const lanes = state.lanes.map((lane, i) => i === at ? withItem(lane, item) : lane)
  return { ...state, lanes, frame: framesOf(lanes).length }
}

/** From the beginning where it is at the end. */
function played (state: State): State {
  const frames = framesOf(state.lanes)
  if (frames.length === 0 || state.running) return state
  const frame = state.frame >= frames.length ? 0 : state.frame
  return { ...state, playing: true, resting: false, frame, clockMs: frames[frame - 1]?.atMs ?? 0, lingeredMs: 0 }
}

function passed (state: State, ms: number): State {
  if (!state.playing) return state
  const frames = framesOf(state.lanes)
  const clockMs = state.clockMs + ms * speedOf(state)
  let { frame } = state
  while (frame < frames.length && (frames[frame]?.atMs ?? 0) <= clockMs) frame++
  const lingeredMs = frame < frames.length ? 0 : state.lingeredMs + ms
  if (lingeredMs >= LINGER_MS) return { ...state, ...STILL, frame, resting: true }
  return { ...state, frame, clockMs, lingeredMs }
}

/** How many times faster than it was a replay runs. */
export function speedOf ({ lanes, speed }: Pick<State, 'lanes' | 'speed'>): number {
  if (speed !== 'auto') return speed
  return SPEEDS.find((each) => each <= 1 && durationMs(lanes) / each >= EASY_MS) ?? SPEEDS[SPEEDS.length - 1] ?? 1
}

function clamp (frame: number, most: number): number {
  return Math.min(Math.max(Math.round(frame), 0), most)
}
