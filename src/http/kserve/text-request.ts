/** From a text and the options beside it to a request for text. */
import type { TextRequest } from '../../generation/index.js'
import { toTextOptions, type GenerationOptions } from '../generation/options.js'

type TextOptions = GenerationOptions & { readonly template?: boolean }

export function toTextRequest (text: string, { template = false, ...options }: TextOptions): TextRequest {
  return { ...(template ? { template: text } : { prompt: text }), ...toTextOptions(options) }
}
