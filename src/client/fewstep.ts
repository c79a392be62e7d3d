/** The client: `new Fewstep({ baseURL: 'http://127.0.0.1:8080' })`. */
import { unexpectedAnswer } from './errors.js'
import { GenerationStream } from './stream.js'
import { jsonOf, Transport, type Fetch } from './transport.js'
import type { GenerateRequest, Generation, ModelCard } from './types.js'

export interface FewstepOptions {
  /**
   * Of the server, with the prefix under which a proxy has it, if any; a `/v1` at its end is left out. In a browser a relative one is
   * relative to the page.
   */
  readonly baseURL: string
  /** Sent as a bearer token. */
  readonly apiKey?: string | undefined
  /** How often a request is sent again after 429, 503 or a failed connection; default 2. */
  readonly maxRetries?: number | undefined
  /** Instead of the global one. */
  readonly fetch?: Fetch | undefined
}

export interface CallOptions {
  /** Abort: the server drops the generation before its next step, and the call throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_MAX_RETRIES = 2

export class Fewstep {
  readonly #transport: Transport

  constructor ({ baseURL, apiKey, maxRetries = DEFAULT_MAX_RETRIES, fetch }: FewstepOptions) {
    if (!Number.isInteger(maxRetries) || maxRetries < 0) throw new RangeError(`maxRetries must be an integer from 0, not ${maxRetries}`)
    this.#transport = new Transport({
      base: baseURL.replace(/\/+$/, '').replace(/\/v1$/, ''),
      apiKey: apiKey === '' ? undefined : apiKey,
      maxRetries,
      // Browsers want to be asked as window.fetch.
      fetch: fetch ?? (async (url, init) => await globalThis.fetch(url, init))
    })
  }

  /**
   * The finished generation.
   * @throws FewstepError, or the signal's reason
   */
  async generate (request: GenerateRequest = {}, { signal }: CallOptions = {}): Promise<Generation> {
    const { response } = await this.#transport.send({
      path: '/v1/generate', body: { ...request, stream: false }, accept: 'application/json', signal
    })
    const generation = await jsonOf(response, signal)
    if ((generation as Partial<Generation> | null)?.object !== 'generation') throw unexpectedAnswer(response.status, JSON.stringify(generation))
    return generation as Generation
  }

  /** Each refinement as it comes, its changes applied, then the finished generation. */
  stream (request: GenerateRequest = {}, { signal }: CallOptions = {}): GenerationStream {
    return new GenerationStream(async () => await this.#transport.send({
      path: '/v1/generate', body: { ...request, stream: true }, accept: 'text/event-stream', signal
    }), signal)
  }

  /**
   * The loaded models; the first serves requests that name none.
   * @throws FewstepError, or the signal's reason
   */
  async models ({ signal }: CallOptions = {}): Promise<ModelCard[]> {
    const { response } = await this.#transport.send({ path: '/v1/models', accept: 'application/json', signal })
    const list = await jsonOf(response, signal)
    const { data } = (list ?? {}) as { data?: unknown }
    if (!Array.isArray(data)) throw unexpectedAnswer(response.status, JSON.stringify(list))
    return data as ModelCard[]
  }
}
