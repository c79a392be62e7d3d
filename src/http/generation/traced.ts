/** The span of a request that the engine is asked for: it lasts as long as the answer, and says what the log says. */
import type { TicketObserver } from '../../engine/request.js'
import { openSpan } from '../../tracing/spans.js'
import type { Exchange } from '../fastify.js'
import { notedFacts, noteFacts, statusOf, type Facts } from '../log/request-log.js'

/** OpenTelemetry's names for what the log calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  prompt_tokens: 'gen_ai.usage.input_tokens',
  completion_tokens: 'gen_ai.usage.output_tokens',
  generation: 'gen_ai.response.id',
  model: 'gen_ai.response.model'
}
/** Have attributes of their own. */
const TOLD = new Set(['status', 'error', 'trace_id'])

/** @returns who watches over the engine's work on it; undefined where nobody would see it */
export function traced ({ request, reply }: Exchange, model: string): TicketObserver | undefined {
  const operation = operationOf(request.routeOptions.url)
  const span = openSpan(request.headers, `${operation} ${model}`, {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': 'fewstep',
    'gen_ai.request.model': model,
    'http.request.method': request.method,
    'http.route': request.routeOptions.url ?? ''
  })
  if (span === undefined) return undefined
  noteFacts(request, { trace_id: span.traceId })
  reply.raw.once('close', () => {
    const facts = notedFacts(request)
    const error = facts['error']
    span.end({ status: statusOf(request, reply), error: error === undefined ? undefined : String(error), attributes: attributesOf(facts) })
  })
  return span.observer
}

/** As OpenTelemetry's conventions for generative AI name it. */
function operationOf (route = ''): string {
  return route.includes('/chat/') ? 'chat' : route.endsWith('/score') ? 'score' : 'text_completion'
}

function attributesOf (facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !TOLD.has(name)).map(([name, value]) => [NAMES[name] ?? `fewstep.${name}`, value]))
}
