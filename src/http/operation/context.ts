/** What the routes for operators work with. */
import type { Config } from '../../config.js'
import type { LoadedModels } from '../../loaded-models.js'
import type { Lifecycle } from '../connection/lifecycle.js'
import type { Metrics } from './metrics.js'

export interface OperationContext {
  readonly config: Pick<Config, 'readyWhen'>
  readonly models: LoadedModels
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}
