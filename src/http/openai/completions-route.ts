/** POST /v1/completions. */
import { FewstepError } from '../../errors.js'
import type { App, Source } from '../fastify.js'
import { chooseModel } from '../generation/choose-model.js'
import type { GenerationContext } from '../generation/context.js'
import { refTo } from '../openapi/reference.js'
import { completionShape } from './completion-shape.js'
import { refuseUnsupported } from './no-ops.js'
import { respond } from './respond.js'
import { answersOf } from './schemas/answers.js'
import { Completion, CompletionRequest } from './schemas/completion.js'
import { toTextRequests } from './text-request.js'

const schema = {
  operationId: 'createCompletion',
  tags: ['openai'],
  summary: 'Complete prompts',
  description: "OpenAI's completions, for the same clients. Options of diffusion are taken beside theirs.",
  body: refTo(CompletionRequest),
  response: answersOf(Completion)
}

export function addCompletionsRoute (app: App, getContext: Source<GenerationContext>): void {
  const preValidation = async ({ body }: { readonly body: unknown }): Promise<void> => { refuseLikelihoods(body) }
  app.post('/v1/completions', { schema, preValidation }, async (request, reply) => {
    const context = getContext()
    const { body } = request
    refuseUnsupported(body)
    check(body)
    return await respond(context, { request, reply }, chooseModel(context.models, body.model), {
      prefix: 'cmpl',
      object: 'text_completion',
      chunkObject: 'text_completion',
      body,
      texts: toTextRequests(body),
      shape: completionShape(body),
      echo: body.echo === true,
      logprobs: body.logprobs !== undefined
    })
  })
}

/**
 * Before the schema is looked at: who asks for this often sends max_tokens: 0 with it, and why there is none helps more than
 * what is wrong with a zero. What stands between two tokens of a diffusion model is no conditional probability, so that the part of
 * a bound that falls on the tokens of a continuation would be read as its likelihood, and is not.
 */
function refuseLikelihoods (body: unknown): void {
  if (typeof body !== 'object' || body === null) return
  const { echo, logprobs } = body as Record<string, unknown>
  if (echo !== true || logprobs === undefined) return
  throw invalid('logprobs', 'logprobs with echo asks how probable each token of a given text is after those before it, which a diffusion model ' +
    'does not know; POST /v1/score says how probable whole texts are, or leave echo or logprobs out')
}

/** What no field says alone. */
function check ({ n = 1, best_of: bestOf = n, stream }: CompletionRequest): void {
  if (bestOf < n) throw invalid('best_of', `best_of is ${bestOf}, fewer than n, ${n}; leave best_of out, or raise it`)
  if (bestOf > n && stream === true) {
    throw invalid('best_of', 'best_of chooses among whole texts, so a stream cannot have it; leave best_of or stream out')
  }
}

function invalid (field: string, message: string): FewstepError {
  return new FewstepError('invalid_request', message, { field })
}
