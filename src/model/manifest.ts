/** A model's manifest.json, parsed and checked. */
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Check } from 'typebox/schema'
import { JUMPS } from '../diffusion/jump-times.js'
import { MAX_TEMPERATURE, MAX_TOP_K } from '../diffusion/limits.js'
import { MAX_STEPS, SCHEDULES } from '../diffusion/schedule.js'
import { SOLVERS } from '../diffusion/solver.js'
import { problem, readJson } from './files.js'
import { illTyped } from './ill-typed.js'
import { shown } from './quote.js'
import { TunedSchedules, wrongSchedule } from './tuned-schedules.js'

const FILE = 'manifest.json'
const ADVICE = "a model's folder, which FEWSTEP_MODEL or --model names, holds manifest.json, step.onnx and tokenizer.json"
/** Those that the kit writes have a few thousand bytes. */
const MAX_BYTES = 2 ** 20
const MAX_INT32 = 2 ** 31 - 1
const MAX_NAME = 128

/** Discrete flow matching, and its relatives in masked diffusion. */
export const ALGORITHMS = ['fs-dfm', 'dfm', 'llada', 'dream'] as const

const oneOf = <Value extends string>(values: readonly Value[]) => Type.Enum([...values], { description: `one of ${values.join(', ')}` })
const count = (maximum: number, description: string) => Type.Integer({ minimum: 1, maximum, description })
const TokenId = Type.Integer({ minimum: 0, maximum: MAX_INT32 })
const TokenIdOrNull = Type.Union([TokenId, Type.Null()], { description: 'a token id or null' })
const FileName = Type.String({ pattern: '^(?!\\.)[^/\\\\\\p{C}]{1,255}$', description: "a file's name, without a folder before it" })

const FileEntry = Type.Object({
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: '64 hexadecimal digits' }),
  bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "the file's size" })
}, { description: 'an object of sha256 and bytes' })

/** What is looked at first: in another format all else may be otherwise. */
const Format = Type.Object({
  format_version: Type.Literal(1, { description: '1, the only format that this version of fewstep reads' })
}, { description: 'a JSON object' })

/** A description completes the sentence "FIELD must be". What it does not name may be there: later versions say more of a model. */
export const Manifest = Type.Object({
  ...Format.properties,
  name: Type.String({
    pattern: `^(?! )[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]{1,${MAX_NAME}}(?<! )$`,
    description: `1 to ${MAX_NAME} letters, digits, signs and spaces, no space at either end`
  }),
  algorithm: oneOf(ALGORITHMS),
  source_distribution: oneOf(['mask', 'uniform']),
  scheduler: oneOf(['polynomial']),
  exponent: Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'a number above 0, at most 100' }),
  vocab_size: Type.Integer({ minimum: 2, maximum: MAX_INT32, description: 'a whole number of 2 or more' }),
  /** The first id beyond the vocabulary, or one inside it. */
  mask_token_id: TokenIdOrNull,
  end_of_text_token_id: TokenIdOrNull,
  /** Where text may end at several tokens: all of them, `end_of_text_token_id` too. */
  end_of_text_token_ids: Type.Optional(Type.Array(TokenId, { description: 'a list of token ids' })),
  max_length: count(2 ** 20, `a whole number from 1 to ${2 ** 20}`),
  parameters: count(Number.MAX_SAFE_INTEGER, 'a whole number of 1 or more'),
  trained_step_sizes: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), { description: 'a list of numbers above 0, at most 1' }),
  defaults: Type.Object({
    steps: count(MAX_STEPS, `a whole number from 1 to ${MAX_STEPS}`),
    temperature: Type.Number({ minimum: 0, maximum: MAX_TEMPERATURE, description: `a number from 0 to ${MAX_TEMPERATURE}` }),
    top_k: Type.Integer({ minimum: 0, maximum: MAX_TOP_K, description: 'a whole number of 0 or more' }),
    top_p: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'a number above 0, at most 1' }),
    solver: oneOf(SOLVERS),
    jumps: Type.Optional(oneOf(JUMPS)),
    schedule: oneOf(SCHEDULES)
  }, { description: 'an object' }),
  schedules: Type.Optional(TunedSchedules),
  graph: Type.Object({
    file: FileName,
    /** The same step with 8-bit products, for CPUs. */
    int8_file: Type.Optional(FileName),
    /** The same step in float16, for GPUs, and its opset. */
    float16_file: Type.Optional(FileName),
    float16_opset: Type.Optional(count(MAX_INT32, 'a whole number of 1 or more')),
    /**
     * 1 has neither `targets` nor `target_logprob`: such a model generates, and scores nothing. From 3 on masked diffusion has
     * `reveal_above`.
     */
    version: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)], {
      description: '1, 2 or 3, the kinds of graph that this version of fewstep runs'
    }),
    opset: count(MAX_INT32, 'a whole number of 1 or more')
  }, { description: 'an object' }),
  tokenizer: Type.Union([FileName, Type.Null()], { description: "a file's name, without a folder before it, or null" }),
  files: Type.Record(Type.String(), FileEntry, { description: 'an object of file names, each with sha256 and bytes' })
}, { description: 'a JSON object' })
export type Manifest = Static<typeof Manifest>

/** A step graph of a model, and the field that names it. */
export interface NamedGraph {
  readonly field: string
  readonly file: string
  /** What its products are computed in. */
  readonly precision: 'float32' | 'int8' | 'float16'
  readonly opset: number
}

export function graphsOf ({ graph }: Pick<Manifest, 'graph'>): readonly NamedGraph[] {
  const { file, int8_file: int8, float16_file: float16, float16_opset: float16Opset = 0, opset } = graph
  return [
    { field: 'graph.file', file, precision: 'float32', opset },
    ...(int8 === undefined ? [] : [{ field: 'graph.int8_file', file: int8, precision: 'int8', opset } as const]),
    ...(float16 === undefined ? [] : [{ field: 'graph.float16_file', file: float16, precision: 'float16', opset: float16Opset } as const])
  ]
}

/** Whether steps reveal masked tokens by plan, for good: then there is no law of jumps to solve, and a solver means nothing. */
export function isMaskedDiffusion ({ algorithm }: Pick<Manifest, 'algorithm'>): boolean {
  return algorithm === 'llada' || algorithm === 'dream'
}

/** Whether its graphs tell how probable given tokens are. */
export function canScore ({ graph }: Pick<Manifest, 'graph'>): boolean {
  return graph.version >= 2
}

/** Whether its steps can reveal what they are sure of, beyond the plan. */
export function revealsSure (manifest: Pick<Manifest, 'algorithm' | 'graph'>): boolean {
  return isMaskedDiffusion(manifest) && manifest.graph.version >= 3
}

/** The tokens that a text ends before, whichever comes first; none where it never ends. */
export function endOfTextTokenIds ({ end_of_text_token_id: first, end_of_text_token_ids: all }: Manifest): readonly number[] {
  return all ?? (first === null ? [] : [first])
}

export function manifestFile (directory: string): string {
  return join(directory, FILE)
}

/** @throws Error with one sentence: the manifest's file, the field at fault and what it should be */
export async function readManifest (directory: string): Promise<Manifest> {
  const file = manifestFile(directory)
  const json = await readJson(file, MAX_BYTES).catch((error: unknown) => { throw withAdvice(error) })
  const what = illTyped(Format, json) ?? illTyped(Manifest, json) ?? contradiction(json as Manifest)
  if (what !== undefined) throw problem(file, what)
  return json as Manifest
}

function withAdvice (error: unknown): unknown {
  const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  const missing = cause?.code === 'ENOENT' || cause?.code === 'ENOTDIR'
  return missing ? new Error(`${message}; ${ADVICE}`, { cause }) : error
}

/** What no field says alone. */
function contradiction (manifest: Manifest): string | undefined {
  const { algorithm, source_distribution: source, mask_token_id: mask, vocab_size: size, defaults, schedules, graph } = manifest
  const masked = isMaskedDiffusion(manifest)
  if (masked && source !== 'mask') return `algorithm is ${algorithm}, so source_distribution must be mask, not ${source}`
  if (source === 'mask' && mask === null) return 'source_distribution is mask, so mask_token_id must be a token id'
  if (source === 'uniform' && mask !== null) {
    return `source_distribution is uniform, which has no mask, so mask_token_id must be null, not ${mask}`
  }
  if (mask !== null && mask > size) {
    return `mask_token_id is ${mask}, but vocab_size is ${size}: it must lie inside the vocabulary, or be the first id beyond it`
  }
  const end = wrongEnd(manifest)
  if (end !== undefined) return end
  if (defaults.jumps === 'spread' && masked) {
    return `defaults.jumps is spread, but algorithm is ${algorithm}, whose steps reveal tokens by plan: it must be independent`
  }
  if (defaults.jumps === 'spread' && defaults.solver !== 'cumulative') {
    return `defaults.jumps is spread, so defaults.solver must be cumulative, not ${defaults.solver}`
  }
  const schedule = wrongSchedule(schedules)
  if (schedule !== undefined) return schedule
  const files = graphsOf(manifest)
  for (const [i, { field, file }] of files.entries()) {
    const same = files.slice(0, i).find((other) => other.file === file)
    if (same !== undefined) return `${field} is ${shown(file)}, the same as ${same.field}`
  }
  if (graph.float16_file !== undefined && graph.float16_opset === undefined) return 'graph.float16_file is given, so graph.float16_opset must be, too'
  return unlisted(manifest)
}

function wrongEnd (manifest: Manifest): string | undefined {
  const { end_of_text_token_id: first, end_of_text_token_ids: all, mask_token_id: mask, vocab_size: size } = manifest
  if (all !== undefined && first !== (all[0] ?? null)) {
    return `end_of_text_token_id is ${first}, but the first of end_of_text_token_ids is ${all[0] ?? 'missing'}`
  }
  const field = all === undefined ? 'end_of_text_token_id is' : 'end_of_text_token_ids has'
  for (const end of endOfTextTokenIds(manifest)) {
    if (end >= size) return `${field} ${end}, but vocab_size is ${size}: the last id is ${size - 1}`
    if (end === mask) return `${field} ${end}, which is mask_token_id: a mask is no end`
  }
  return undefined
}

/** A file that is used must be listed, or nobody would notice that it changed. */
function unlisted ({ graph, tokenizer, files }: Manifest): string | undefined {
  const bad = Object.keys(files).find((name) => !Check(FileName, name))
  if (bad !== undefined) return `files lists ${shown(bad)}, which is no file's name, without a folder before it`
  const missing = [graph.file, graph.int8_file, graph.float16_file, tokenizer].find((name) => typeof name === 'string' && !Object.hasOwn(files, name))
  return missing === undefined ? undefined : `files does not list ${shown(missing)}, so nothing vouches for what it holds`
}
