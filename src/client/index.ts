/**
 * A client of fewstep for browsers and Node 20 or newer, without dependencies.
 *
 *     const fewstep = new Fewstep({ baseURL: 'http://127.0.0.1:8080' })
 *     for await (const each of fewstep.stream({ prompt: 'Once upon a time', steps: 8 })) {
 *       if (each.type === 'step') console.log(each.text)
 *     }
 */
export { Fewstep, type CallOptions, type FewstepOptions } from './fewstep.js'
export { GenerationStream } from './stream.js'
export { Canvas, type CanvasState, type Moment, type Token } from './canvas.js'
export { Canvases, type Failed, type Finished, type Refinement, type ReplayItem, type StreamItem } from './canvases.js'
export {
  AuthenticationError, ConnectionError, DeadlineError, FewstepError, InvalidRequestError, NotFoundError, RateLimitError, ServerError
} from './errors.js'
export { Recorder, recordingElement, replayed, type RecordedEvent, type Recording } from './recording.js'
export { MAX_RECORDING_LENGTH, readRecording, RecordingError } from './read-recording.js'
export type {
  Change, ErrorBody, ErrorCode, GenerateRequest, Generation, ModelCard, Output, StepEvent, StreamEvent
} from './types.js'
