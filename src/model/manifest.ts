/** A model's manifest.json, parsed and checked. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { SOLVERS } from '../diffusion/solver.js'

const FileEntry = Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }), bytes: Type.Integer({ minimum: 0 }) })

export const Manifest = Type.Object({
  format_version: Type.Literal(1),
  name: Type.String({ minLength: 1 }),
  algorithm: Type.Union([Type.Literal('fs-dfm'), Type.Literal('dfm')]),
  source_distribution: Type.Union([Type.Literal('mask'), Type.Literal('uniform')]),
  scheduler: Type.Literal('polynomial'),
  exponent: Type.Number({ exclusiveMinimum: 0 }),
  vocab_size: Type.Integer({ minimum: 2 }),
  mask_token_id: Type.Union([Type.Integer(), Type.Null()]),
  end_of_text_token_id: Type.Union([Type.Integer(), Type.Null()]),
  max_length: Type.Integer({ minimum: 1 }),
  parameters: Type.Integer({ minimum: 1 }),
  trained_step_sizes: Type.Array(Type.Number()),
  defaults: Type.Object({
    steps: Type.Integer({ minimum: 1 }),
    temperature: Type.Number({ minimum: 0 }),
    top_k: Type.Integer({ minimum: 0 }),
    top_p: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    solver: Type.Enum([...SOLVERS]),
    schedule: Type.Union([Type.Literal('uniform'), Type.Literal('geometric')])
  }),
  graph: Type.Object({
    file: Type.String(),
    /** The same step with 8-bit products, for CPUs. */
    int8_file: Type.Optional(Type.String()),
    version: Type.Literal(1),
    opset: Type.Integer()
  }),
  tokenizer: Type.Union([Type.String(), Type.Null()]),
  files: Type.Record(Type.String(), FileEntry)
})
export type Manifest = Static<typeof Manifest>

/** @throws Error naming the folder and what is wrong with its manifest */
export async function readManifest (directory: string): Promise<Manifest> {
  const file = join(directory, 'manifest.json')
  let json: unknown
  try {
    json = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}; a model's folder holds manifest.json, step.onnx and tokenizer.json`, { cause })
  }
  const [first] = Value.Errors(Manifest, json)
  if (first !== undefined) throw new Error(`${file}: ${first.instancePath || 'the manifest'} ${first.message}`)
  return json as Manifest
}
