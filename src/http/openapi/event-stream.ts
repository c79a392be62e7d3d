/** What an event stream is, in a description: the body is text, and this is what each event of it holds. */
import { Type, type TSchema } from 'typebox'

export interface Events {
  readonly description: string
  /** Their names; undefined: they have none. */
  readonly names?: readonly string[]
  /** What their data may be, as JSON. */
  readonly data: readonly TSchema[]
  /** What the last event says instead of JSON. */
  readonly last?: string
}

/**
 * The content of an answer. As in OpenAPI 3.2, whose tools read the schema as that of an event: an object with its fields, whose data are
 * a string that holds JSON.
 */
export function eventStream ({ description, names, data, last }: Events): object {
  const json = { contentMediaType: 'application/json', contentSchema: data.length === 1 ? data[0] : Type.Union([...data]) }
  return {
    'text/event-stream': {
      schema: {
        type: 'object',
        description,
        required: names === undefined ? ['data'] : ['event', 'data'],
        properties: {
          ...(names === undefined ? {} : { event: { type: 'string', enum: names } }),
          data: last === undefined ? { type: 'string', ...json } : { type: 'string', anyOf: [{ const: last }, json] }
        }
      }
    }
  }
}
