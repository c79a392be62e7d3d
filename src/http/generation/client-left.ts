/** Knowing that the client left. */
import type { ServerResponse } from 'node:http'

/**
 * Aborts when the connection closes before the response is finished. The response is watched, not the request: a
 * request closes as soon as its body is read.
 */
export function clientLeft (response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const onClose = (): void => { if (!response.writableFinished) controller.abort() }
  if (response.destroyed) onClose()
  else response.once('close', onClose)
  return controller.signal
}
