/** Which of the loaded models a request is for. */
import { FewstepError } from '../../errors.js'
import type { LoadedModel, LoadedModels } from '../../loaded-models.js'
import { shorten } from '../errors/shorten.js'
import { suggest } from '../errors/suggest.js'

/** @throws FewstepError model_not_found, listing what is loaded */
export function chooseModel (models: LoadedModels, name: string | undefined): LoadedModel {
  return name === undefined ? models.default : findModel(models, name, `, or leave model out for ${models.names[0]}`)
}

/**
 * @param otherwise what else there is to do than to name one of them
 * @throws FewstepError model_not_found, listing what is loaded
 */
export function findModel (models: LoadedModels, name: string, otherwise = ''): LoadedModel {
  const chosen = models.get(name)
  if (chosen !== undefined) return chosen
  const { names } = models
  const near = suggest(name, names)
  const question = near === undefined ? '' : `did you mean ${near}? `
  throw new FewstepError('model_not_found',
    `there is no model ${shorten(name)}; ${question}this server runs ${names.join(', ')}: name one of them${otherwise}`, { field: 'model' })
}
