/** What the dialects work with. */
import type { Config } from '../../config.js'
import type { ScoreResult, TextResult } from '../../generation/index.js'
import type { LoadedModels } from '../../loaded-models.js'
import type { Admissions } from './client-admission.js'
import type { Outcome } from './outcome.js'

/** Who counts generations; models are told by their names. */
export interface GenerationCounts {
  ended (model: string, outcome: Outcome): void
  generated (model: string, result: TextResult): void
  scored (model: string, result: ScoreResult): void
}

export interface GenerationContext {
  readonly config: Pick<Config, 'sseKeepaliveMs' | 'bodyLimit' | 'maxTokens'>
  readonly models: LoadedModels
  readonly metrics: GenerationCounts
  readonly admissions: Admissions
}
