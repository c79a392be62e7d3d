/** The first thing that a JSON document does not do as its schema wants, as a sentence. */
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/schema'
import { quote, shown } from './quote.js'

/** Of a schema, what leads to the descriptions in it. */
interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described>>
  readonly patternProperties?: Readonly<Record<string, Described>>
}

/**
 * @param schema whose descriptions complete the sentence "FIELD must be"
 * @returns the sentence; undefined where nothing is wrong
 */
export function illTyped (schema: TSchema, json: unknown): string | undefined {
  const [, [first]] = Errors(schema, json)
  if (first === undefined) return undefined
  const path = first.instancePath.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (first.keyword === 'required') return `${named([...path, first.params.requiredProperties[0] ?? ''])} is missing`
  // Of what has no words of its own, such as an element of a list, the nearest thing around it is named.
  const { depth, description } = describedAt(schema, path)
  const field = path.slice(0, depth)
  const found = path.length === depth ? `, not ${shown(valueAt(json, field))}` : `, which ${shown(valueAt(json, path))} is not`
  return `${field.length === 0 ? 'it' : named(field)} must be ${description}${found}`
}

function named (path: readonly string[]): string {
  return quote(path.join('.'))
}

function describedAt (schema: Described, path: readonly string[]): { readonly depth: number, readonly description: string } {
  let found = { depth: 0, description: schema.description ?? 'something else' }
  let here: Described | undefined = schema
  for (const [i, name] of path.entries()) {
    here = here?.properties?.[name] ?? Object.values(here?.patternProperties ?? {})[0]
    if (here?.description !== undefined) found = { depth: i + 1, description: here.description }
  }
  return found
}

function valueAt (json: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (value as Record<string, unknown>)[name], json)
}
