/** A model that is asked stays, also when it is unloaded or replaced meanwhile. */
import type { LoadedModel } from '../../loaded-models.js'
import type { Exchange } from '../fastify.js'

/** Until the answer is out, or its reader has left. To be called in the turn of the event loop in which the model was chosen. */
export function keepUntilAnswered ({ reply: { raw } }: Pick<Exchange, 'reply'>, loaded: LoadedModel): void {
  const giveBack = loaded.lease()
  if (raw.destroyed) giveBack()
  else raw.once('close', giveBack)
}
