/** References to shared schemas: by name in the OpenAPI document, by type in the code. */
import { Type, type Static, type TSchema, type TUnsafe } from 'typebox'

/** A `$ref` to a schema with an `$id`, typed as the schema itself. */
export function refTo<Schema extends TSchema & { $id: string }> (schema: Schema): TUnsafe<Static<Schema>> {
  return Type.Unsafe<Static<Schema>>(Type.Ref(`${schema.$id}#`))
}

/** Give a schema the name under which it is shared. */
export function named<Schema extends TSchema, Name extends string> (name: Name, schema: Schema): Schema & { $id: Name } {
  return Object.assign(schema, { $id: name })
}
