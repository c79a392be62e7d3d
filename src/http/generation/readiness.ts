/** Whether requests should be sent here. */
import { shuttingDown } from '../../engine/refusals.js'
import { FewstepError } from '../../errors.js'
import type { Config } from '../../config.js'
import type { LoadedModel, LoadedModels } from '../../loaded-models.js'

export interface ReadinessContext {
  readonly config: Pick<Config, 'readyWhen'>
  readonly models: LoadedModels
  readonly lifecycle: { readonly phase: 'serving' | 'leaving' | 'refusing' }
}

export function canBeAsked ({ engine }: LoadedModel): boolean {
  return engine.state === 'ready' && engine.stats().workers.ready > 0
}

/**
 * @param asked the models that matter; of several, all of them or any, as settings say
 * @throws FewstepError draining or not_ready
 */
export function checkReady ({ lifecycle, config }: ReadinessContext, asked: readonly LoadedModel[]): void {
  if (lifecycle.phase !== 'serving') throw shuttingDown()
  const waiting = asked.filter((loaded) => !canBeAsked(loaded)).map(({ model }) => model.manifest.name)
  if (waiting.length === asked.length || (config.readyWhen === 'all' && waiting.length > 0)) {
    throw new FewstepError('not_ready', `no session worker of ${waiting.join(', ')} is ready; try again in a moment`)
  }
}
