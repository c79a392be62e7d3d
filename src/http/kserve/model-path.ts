/** Models as the protocol's paths name them: by name, and by version where the client wants to. */
import { Type, type Static } from 'typebox'
import { FewstepError } from '../../errors.js'
import type { LoadedModel, LoadedModels } from '../../loaded-models.js'
import { shorten } from '../errors/shorten.js'
import { findModel } from '../generation/choose-model.js'

/** A folder holds one model: there are no others beside it. */
export const MODEL_VERSION = '1'

const name = Type.String({ description: "A loaded model's name, as /v1/models lists it; a slash in it is sent as %2F." })
const version = Type.String({ description: `Its version; there is only ${MODEL_VERSION}.` })

export const ModelParams = Type.Object({ name, version: Type.Optional(version) })
export type ModelParams = Static<typeof ModelParams>

/** Every path of a model, each with the ending of its operations' ids. */
export const MODEL_PATHS = [
  { path: '/models/:name', suffix: '', params: Type.Object({ name }) },
  { path: '/models/:name/versions/:version', suffix: 'Version', params: Type.Object({ name, version }) }
] as const

/** @throws FewstepError model_not_found */
export function modelAt (models: LoadedModels, { name, version = MODEL_VERSION }: ModelParams): LoadedModel {
  const loaded = findModel(models, name)
  if (version === MODEL_VERSION) return loaded
  throw new FewstepError('model_not_found',
    `there is no version ${shorten(version)} of ${loaded.model.manifest.name}: ask for ${MODEL_VERSION}, the only one, or leave the ` +
    'version out', { field: 'version' })
}
