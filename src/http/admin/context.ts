/** What the routes for admins work with. */
import type { LoadedModels } from '../../loaded-models.js'

/** How much is logged. */
export interface LogLevelSwitch {
  readonly get: () => string
  readonly set: (level: string) => void
}

export interface AdminContext {
  readonly models: LoadedModels
  readonly logLevel: LogLevelSwitch
}
