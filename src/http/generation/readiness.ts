/** Whether requests should be sent here. */
import { shuttingDown } from '../../engine/refusals.js'
import { FewstepError } from '../../errors.js'
import type { Config } from '../../config.js'
import type { FailedModel, LoadedModel, LoadedModels } from '../../loaded-models.js'

export interface ReadinessContext {
  readonly config: Pick<Config, 'readyWhen'>
  readonly models: LoadedModels
  readonly lifecycle: { readonly phase: 'serving' | 'leaving' | 'refusing' }
}

export function canBeAsked ({ engine }: LoadedModel): boolean {
  return engine.state === 'ready' && engine.stats().workers.ready > 0
}

/** Models that matter to who asks. */
export interface AskedAbout {
  readonly loaded: readonly LoadedModel[]
  readonly failed: readonly FailedModel[]
}

/**
 * @param asked of several, all of them or any must be ready, as settings say
 * @throws FewstepError draining, model_failed or not_ready
 */
export function checkReady ({ lifecycle, config }: ReadinessContext, { loaded, failed }: AskedAbout): void {
  if (lifecycle.phase !== 'serving') throw shuttingDown()
  const all = config.readyWhen === 'all'
  if (failed.length > 0 && (all || loaded.length === 0)) {
    throw new FewstepError('model_failed', failed.map(({ name, reason }) => `${name} did not start: ${reason}`).join('; '))
  }
  if (loaded.length === 0) throw new FewstepError('not_ready', 'no model is loaded; an operator has to load one')
  const waiting = loaded.filter((each) => !canBeAsked(each)).map(({ model }) => model.manifest.name)
  if (waiting.length === loaded.length || (all && waiting.length > 0)) {
    throw new FewstepError('not_ready', `no session worker of ${waiting.join(', ')} is ready; try again in a moment`)
  }
}
