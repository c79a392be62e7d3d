/** A model's manifest.json, parsed and checked. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { JUMPS } from '../diffusion/jump-times.js'
import { SOLVERS } from '../diffusion/solver.js'

const FileEntry = Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }), bytes: Type.Integer({ minimum: 0 }) })

/** Discrete flow matching, and its relatives in masked diffusion. */
export const ALGORITHMS = ['fs-dfm', 'dfm', 'llada', 'dream'] as const

export const Manifest = Type.Object({
  format_version: Type.Literal(1),
  name: Type.String({ minLength: 1 }),
  algorithm: Type.Enum([...ALGORITHMS]),
  source_distribution: Type.Union([Type.Literal('mask'), Type.Literal('uniform')]),
  scheduler: Type.Literal('polynomial'),
  exponent: Type.Number({ exclusiveMinimum: 0 }),
  vocab_size: Type.Integer({ minimum: 2 }),
  /** Any id: one beyond the vocabulary, or one inside it. */
  mask_token_id: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
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
    jumps: Type.Optional(Type.Enum([...JUMPS])),
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

/** Whether steps reveal masked tokens by plan, for good: then there is no law of jumps to solve, and a solver means nothing. */
export function isMaskedDiffusion ({ algorithm }: Pick<Manifest, 'algorithm'>): boolean {
  return algorithm === 'llada' || algorithm === 'dream'
}

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
  if (first !== undefined) {
    const choices = first.keyword === 'enum' ? `: ${first.params.allowedValues.join(', ')}` : ''
    throw new Error(`${file}: ${first.instancePath || 'the manifest'} ${first.message}${choices}`)
  }
  const manifest = json as Manifest
  const problem = contradiction(manifest)
  if (problem !== undefined) throw new Error(`${file}: ${problem}`)
  return manifest
}

function contradiction (manifest: Manifest): string | undefined {
  const { algorithm, source_distribution: source, mask_token_id: mask } = manifest
  if (isMaskedDiffusion(manifest) && source !== 'mask') return `algorithm is ${algorithm}, so source_distribution must be mask, not ${source}`
  if (source === 'mask' && mask === null) return 'source_distribution is mask, so mask_token_id must be a token id'
  return undefined
}
