/** Which of its two forms an answer takes: the Accept header's choice (RFC 9110, 12.5.1). */

const JSON_TYPE = 'application/json'
const EVENT_STREAM_TYPE = 'text/event-stream'

interface MediaRange {
  /** A type, all of its kind or all there are, in lower case. */
  readonly type: string
  /** From 0, not acceptable, to 1. */
  readonly quality: number
}

/** How much a client wants a type, and how early in the header it says so. */
interface Preference {
  readonly quality: number
  readonly place: number
}

/**
 * Whether the client would rather have an event stream than JSON: it accepts one, and gives it the higher quality, or the same and
 * names it first. Who accepts neither gets JSON.
 */
export function prefersEventStream (accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(parseRange)
  const stream = preference(ranges, EVENT_STREAM_TYPE)
  const json = preference(ranges, JSON_TYPE)
  if (stream.quality !== json.quality) return stream.quality > json.quality
  return stream.quality > 0 && stream.place < json.place
}

/** Parameters other than q are passed over: both types have only one meaning here. */
function parseRange (text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** Of the ranges that hold a type the most specific one counts, whatever the others say. */
function preference (ranges: readonly MediaRange[], type: string): Preference {
  for (const range of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const place = ranges.findIndex((each) => each.type === range)
    if (place >= 0) return { quality: ranges[place]?.quality ?? 0, place }
  }
  return { quality: 0, place: Infinity }
}
