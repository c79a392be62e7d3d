/** What is sent and what comes back, by the names that the HTTP API gives it. */
import type { components } from './schema.js'

type Schemas = components['schemas']

/** Fields that are undefined are as good as left out. */
type Loose<T> = { [Field in keyof T]: T[Field] | undefined }

/** The body of POST /v1/generate; whether it is streamed is the method's to say. */
export type GenerateRequest = Loose<Omit<Schemas['GenerateRequest'], 'stream'>>
export type Generation = Schemas['Generation']
export type Output = Generation['outputs'][number]
export type StepEvent = Schemas['StepEvent']
export type Change = StepEvent['changes'][number]
export type ModelCard = Schemas['ModelCard']
export type ErrorBody = Schemas['Error']
export type ErrorCode = ErrorBody['error']['code']

/** An event of a stream, as the server sent it. */
export type StreamEvent =
  | { readonly event: 'step', readonly data: StepEvent }
  | { readonly event: 'done', readonly data: Generation }
  | { readonly event: 'error', readonly data: ErrorBody }
