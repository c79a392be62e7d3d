/** In which dialect an error is told that no route tells: a path that is no URL, or that only a preflight may ask. */
import { errorBody } from '../errors/error-body.js'
import type { ToErrorBody } from '../errors/error-handler.js'
import { toErrorBody } from '../kserve/schemas/error.js'

export const KSERVE_PREFIX = '/v2'

/** As the router reads a request's target: it may be absolute, and slashes count once. */
const KSERVE_TARGET = new RegExp(`^(?:https?://[^/?#]*)?/*${KSERVE_PREFIX}(?:[/?#]|$)`)

export function errorShapeAt (target: string): ToErrorBody {
  return KSERVE_TARGET.test(target) ? toErrorBody : errorBody
}
