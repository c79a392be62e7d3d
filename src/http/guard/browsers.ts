/** What browsers are told: which pages may call, and what our own may do. */
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { FastifyRequest } from 'fastify'
import type { App } from '../fastify.js'
import { STANDING_HEADERS } from './standing.js'

/** Only what serves an API and one page over plain HTTP too: HSTS and cross-origin isolation are for whoever ends TLS. */
export async function addSecurityHeaders (app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        // Swagger UI sets styles of its own.
        styleSrc: ["'self'", "'unsafe-inline'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"]
      }
    },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false
  })
}

/** How long a browser may remember an answer to a preflight. */
const PREFLIGHT_SECONDS = 600

/** @param origins of the pages that may call; `*`: all; none: CORS is not spoken */
export async function addCors (app: App, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  const options: FastifyCorsOptions = {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['authorization', 'x-api-key', 'content-type', 'accept', 'x-request-id'],
    exposedHeaders: ['x-request-id', 'retry-after', 'retry-after-ms', 'x-should-retry', ...STANDING_HEADERS],
    maxAge: PREFLIGHT_SECONDS
  }
  await app.register(cors, {
    delegator: (request, callback) => { callback(null, { ...options, preflight: isPreflight(request) }) }
  })
}

/** Any other OPTIONS is a method like others, which no route takes. */
function isPreflight ({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
