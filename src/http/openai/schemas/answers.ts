/** What a route of this dialect may answer. */
import type { TSchema } from 'typebox'
import { BUSY, ErrorBody, errorResponse } from '../../errors/error-schema.js'
import { eventStream } from '../../openapi/event-stream.js'
import { refTo } from '../../openapi/reference.js'
import { Chunk } from './chunk.js'

export function answersOf (answer: TSchema & { $id: string }): object {
  return {
    200: {
      description: 'The answer; or a stream of chunks, data-only events of which the last is [DONE].',
      content: {
        'application/json': { schema: refTo(answer) },
        ...eventStream({
          description: 'Each event: a chunk, or an error; the last one says [DONE].',
          data: [refTo(Chunk), refTo(ErrorBody)],
          last: '[DONE]'
        })
      }
    },
    400: errorResponse('A field is of the wrong type, out of range, not supported, or cannot be met; too long a prompt has the code ' +
      'context_length_exceeded.'),
    401: errorResponse('This server asks for a key, and none that it knows was sent.'),
    404: errorResponse('No model of that name is loaded.'),
    413: errorResponse('The body is too large.'),
    415: errorResponse('The body is not JSON.'),
    429: errorResponse(BUSY),
    500: errorResponse('The generation failed.'),
    503: errorResponse('The server is shutting down, no worker of the model is ready, or the model did not start.'),
    504: errorResponse('The generation was not done within deadline_ms.')
  }
}
