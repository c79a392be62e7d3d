/** What the answers of all routes have in common, said once: their headers, and refusals that have nothing to do with the route. */

interface Answer {
  description?: string
  headers?: object
  content?: object
}

interface Operation {
  responses?: Record<string, Answer>
}

const header = (description: string, type: 'string' | 'integer', required = false): object => ({ description, required, schema: { type } })

const RETRY_AFTER = {
  'retry-after': header('Seconds until it is worth another try.', 'integer'),
  'retry-after-ms': header('The same in milliseconds.', 'integer')
}
const SHOULD_RETRY = { 'x-should-retry': header('false where another try is worth nothing: clients of OpenAI\'s make heed it.', 'string') }

/** By status, beside those of all. */
const HEADERS: Readonly<Record<string, object>> = {
  401: { 'www-authenticate': header('Bearer.', 'string') },
  429: { ...RETRY_AFTER, ...SHOULD_RETRY },
  503: RETRY_AFTER,
  504: SHOULD_RETRY
}
const REQUEST_ID = {
  'x-request-id': header("The client's own where it sent a sane one; on every line of the log.", 'string', true)
}
/** Refusals before the fields are looked at, by status; where a route says 4XX they are among those. */
const REFUSALS = {
  408: 'The request did not arrive whole in time.',
  414: 'The URL is too long.',
  415: 'The body is not what is taken: JSON in UTF-8, uncompressed.',
  417: 'The header expect asks for something that the server cannot do.',
  431: 'The headers are too large.'
}

/** @param document made from the routes; it is completed in place */
export function completeAnswers<Document extends object> (document: Document): Document {
  const { paths = {} } = document as { readonly paths?: Record<string, Record<string, Operation>> }
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    const { responses = {} } = operation
    const { 400: refusal } = responses
    if (refusal !== undefined) {
      for (const [status, description] of Object.entries(REFUSALS)) responses[status] ??= { ...refusal, description }
    }
    for (const [status, answer] of Object.entries(responses)) answer.headers = { ...answer.headers, ...REQUEST_ID, ...HEADERS[status] }
  }
  return document
}
