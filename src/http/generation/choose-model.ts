/** Which of the loaded models a request is for. */
import { FewstepError } from '../../errors.js'
import type { FailedModel, LoadedModel, LoadedModels } from '../../loaded-models.js'
import { shorten } from '../errors/shorten.js'
import { suggest } from '../errors/suggest.js'

/** @throws FewstepError model_not_found or model_failed, listing what is loaded */
export function chooseModel (models: LoadedModels, name: string | undefined): LoadedModel {
  const { default: first, names } = models
  if (name !== undefined) return findModel(models, name, first !== undefined && 'engine' in first ? `, or leave model out for ${first.name}` : '')
  if (first !== undefined) return started(first, names)
  throw new FewstepError('model_not_found', `the model for requests that name none was unloaded; ${choice(names)} in model`, { field: 'model' })
}

/**
 * @param otherwise what else there is to do than to name one of them
 * @throws FewstepError model_not_found or model_failed, listing what is loaded
 */
export function findModel (models: LoadedModels, name: string, otherwise = ''): LoadedModel {
  const chosen = models.get(name) ?? models.failure(name)
  if (chosen !== undefined) return started(chosen, models.names)
  throw noModel(models, name, otherwise)
}

/** model_not_found, listing what is loaded. */
export function noModel ({ names }: LoadedModels, name: string, otherwise = ''): FewstepError {
  const near = suggest(name, names)
  const question = near === undefined ? '' : `did you mean ${near}? `
  return new FewstepError('model_not_found', `there is no model ${shorten(name)}; ${question}${choice(names)}${otherwise}`, { field: 'model' })
}

function started (model: LoadedModel | FailedModel, names: readonly string[]): LoadedModel {
  if ('engine' in model) return model
  throw new FewstepError('model_failed',
    `${shorten(model.name)} did not start, and will not before an operator has it loaded again; ${choice(names)} in model`, { field: 'model' })
}

function choice (names: readonly string[]): string {
  return names.length === 0 ? 'this server runs none now: wait for one, to name' : `this server runs ${names.join(', ')}: name one of them`
}
