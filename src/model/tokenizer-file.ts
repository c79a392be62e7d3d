/** tokenizer.json, checked: of the kind that is understood here, and made for the vocabulary of the manifest. */
import { Type, type Static } from 'typebox'
import { problem, readJson } from './files.js'
import { illTyped } from './ill-typed.js'
import { endOfTextTokenIds, type Manifest } from './manifest.js'
import { shown } from './quote.js'

/** The largest published ones have 35 MB. */
const MAX_BYTES = 2 ** 28
/** Networks have more columns than there are tokens, rounded up to a multiple of 64 or so; a tokenizer of another model has far fewer. */
const LEAST_NAMED = 0.9

/** As far as it is looked at here. A description completes the sentence "FIELD must be". */
const TokenizerJson = Type.Object({
  model: Type.Object({
    /** Old files have none. */
    type: Type.Optional(Type.Literal('BPE', { description: 'BPE, the only kind that is understood' })),
    merges: Type.Array(Type.Unknown(), { description: 'a list of merges' })
  }, { description: 'an object with vocab and merges' }),
  added_tokens: Type.Array(Type.Object({
    id: Type.Integer({ description: 'a token id' }),
    content: Type.String({ description: 'a text' })
  }), { description: 'a list of objects of id and content' })
}, { description: 'a JSON object' })
type TokenizerJson = Static<typeof TokenizerJson>

/** @throws Error with one sentence: the file, and what is wrong in it */
export async function readTokenizerFile (file: string): Promise<object> {
  const json = await readJson(file, MAX_BYTES)
  const what = illTyped(TokenizerJson, json) ?? otherKind(json as TokenizerJson)
  if (what !== undefined) throw problem(file, what)
  return json as TokenizerJson
}

/** @throws Error with one sentence: the file, and what in it contradicts the manifest */
export function checkVocabulary (file: string, json: object, manifest: Manifest): void {
  const { vocab_size: size, mask_token_id: mask } = manifest
  const names = new Map<unknown, string>()
  for (const [name, id] of tokensOf(json as TokenizerJson)) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw problem(file, `token ${shown(name)} has the id ${shown(id)}, which is no whole number of 0 or more`)
    }
    if (id >= size && id !== mask) throw problem(file, `token ${shown(name)} has the id ${id}, but vocab_size in the manifest is ${size}`)
    const other = names.get(id)
    if (other !== undefined && other !== name) throw problem(file, `tokens ${shown(other)} and ${shown(name)} both have the id ${id}`)
    names.set(id, name)
  }
  if (names.size < LEAST_NAMED * size) {
    throw problem(file, `it has ${names.size} tokens, but vocab_size in the manifest is ${size}: it is not the tokenizer of this model`)
  }
  const end = endOfTextTokenIds(manifest).find((id) => !names.has(id))
  if (end !== undefined) throw problem(file, `it has no token of the id ${end}, which ends a text by the manifest`)
}

/** Text pieces are put together from the bytes that tokens stand for. */
function otherKind (json: TokenizerJson): string | undefined {
  if (vocabularyOf(json) === undefined) return 'model.vocab must be an object of tokens and their ids'
  const { pre_tokenizer: before, decoder: after } = json as { pre_tokenizer?: unknown, decoder?: unknown }
  if (hasByteLevel(before) || hasByteLevel(after)) return undefined
  return 'neither pre_tokenizer nor decoder is ByteLevel, and byte-level BPE is the only kind that is understood'
}

/** Itself, or one of a sequence. */
function hasByteLevel (part: unknown): boolean {
  const { type, pretokenizers, decoders } = (part ?? {}) as { type?: unknown, pretokenizers?: unknown, decoders?: unknown }
  return type === 'ByteLevel' || [pretokenizers, decoders].some((parts) => Array.isArray(parts) && parts.some(hasByteLevel))
}

function * tokensOf (json: TokenizerJson): Generator<[string, unknown]> {
  yield * Object.entries(vocabularyOf(json) ?? {})
  for (const { content, id } of json.added_tokens) yield [content, id]
}

function vocabularyOf ({ model }: TokenizerJson): Record<string, unknown> | undefined {
  const { vocab } = model as { vocab?: unknown }
  return typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab) ? vocab as Record<string, unknown> : undefined
}
