/** Texts that are none. */
import { FewstepError } from '../errors.js'

/**
 * Half of a surrogate pair is no character: a tokenizer would make something else of it, and no text can hold it.
 * @throws FewstepError invalid_request, naming the field
 */
export function checkWellFormed (field: string, text: string): void {
  if (text.isWellFormed()) return
  throw new FewstepError('invalid_request', `${field} holds half of a surrogate pair, which is no character; send both halves or none`, { field })
}
