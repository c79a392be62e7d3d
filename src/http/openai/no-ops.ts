/** Fields that other servers know: accepted where they change nothing, refused where they would. */
import { FewstepError } from '../../errors.js'

type Check = (value: unknown) => boolean

const is = (...values: unknown[]): Check => (value) => values.includes(value)
const empty: Check = (value) => Object.keys(Object(value) as object).length === 0 && value !== true && typeof value !== 'number'
const onlyText: Check = (value) => (value as { type?: unknown }).type === 'text'
const onlyTexts: Check = (value) => Array.isArray(value) && value.every((each) => each === 'text')

/** By field, whether a value of it changes nothing. */
const NO_OPS: Readonly<Record<string, Check>> = {
  frequency_penalty: is(0),
  presence_penalty: is(0),
  repetition_penalty: is(1),
  length_penalty: is(1),
  logit_bias: empty,
  min_p: is(0),
  min_tokens: is(0),
  typical_p: is(1),
  use_beam_search: is(false),
  bad_words: empty,
  logits_processors: empty,
  prompt_logprobs: is(0),
  truncate_prompt_tokens: empty,
  skip_special_tokens: is(true),
  include_stop_str_in_output: is(false),
  response_format: onlyText,
  structured_outputs: empty,
  guided_json: empty,
  guided_regex: empty,
  guided_choice: empty,
  guided_grammar: empty
}

export const CHAT_NO_OPS: Readonly<Record<string, Check>> = {
  ...NO_OPS,
  tools: empty,
  tool_choice: is('none', 'auto'),
  functions: empty,
  function_call: is('none', 'auto'),
  modalities: onlyTexts,
  audio: empty,
  web_search_options: empty,
  best_of: is(1),
  echo: is(false),
  suffix: is(''),
  add_generation_prompt: is(true),
  continue_final_message: is(false),
  chat_template: is(''),
  chat_template_kwargs: empty,
  documents: empty
}

/** What does what they ask for, where anything does. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  prompt_logprobs: '; POST /v1/score says how probable whole texts are'
}

/** @throws FewstepError invalid_request, naming the first field that would change the result and is not supported */
export function refuseUnsupported (body: object, known = NO_OPS): void {
  for (const [field, value] of Object.entries(body)) {
    const isNoOp = Object.hasOwn(known, field) ? known[field] : undefined
    if (isNoOp === undefined || isNoOp(value)) continue
    throw new FewstepError('invalid_request', `${field} is not supported, and this value of it would change the result; leave ${field} ` +
      `out${ELSEWHERE[field] ?? ''}`, { field })
  }
}

/** A copy without what is null: clients write it for what they leave out. */
export function withoutNulls (body: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
}
