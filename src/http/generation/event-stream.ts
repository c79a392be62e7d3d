/** Answering with an event stream, in whatever dialect. */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { FewstepError } from '../../errors.js'
import { asFewstepError, isServerFault } from '../errors/error-body.js'
import type { Exchange } from '../fastify.js'
import { noteFailure } from '../log/request-log.js'
import type { GenerationContext } from './context.js'
import { paced } from './sse.js'

const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // nginx would hold events back to fill its buffers.
  'x-accel-buffering': 'no'
}

/** Events, each of them encoded. */
export type Encoded = AsyncGenerator<string, void, undefined>

export interface StreamDialect {
  /** A comment line, as its clients understand one. */
  readonly keepAlive: string
  /** How it ends a stream that fails. */
  readonly encodeError: (error: FewstepError) => string
}

/**
 * What is refused is refused at once and has a status of its own; what is admitted gets its headers at once, however long
 * its first refinement takes, and what fails after that says so in the stream.
 */
export async function sendEventStream (
  { config }: Pick<GenerationContext, 'config'>, { request, reply }: Exchange, events: Encoded, dialect: StreamDialect
): Promise<FastifyReply> {
  const first = events.next()
  // Admission takes no turn of the event loop.
  await Promise.race([first, nextTurn()])
  const text = paced(events, first, {
    keepAliveMs: config.sseKeepaliveMs,
    keepAlive: dialect.keepAlive,
    onError: (thrown) => {
      const error = asFewstepError(thrown, config.bodyLimit)
      if (isServerFault(error)) request.log.error({ err: error }, error.message)
      noteFailure(request, error)
      return dialect.encodeError(error)
    }
  })
  return await reply.headers(EVENT_STREAM_HEADERS).send(Readable.from(headersFirst(reply.raw, text), { objectMode: false }))
}

/** Node would hold the headers back until there is a first event. */
async function * headersFirst (response: ServerResponse, text: Encoded): Encoded {
  response.flushHeaders()
  yield * text
}
