/** The OpenAPI document, made from the routes, and the page that shows it. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App } from '../fastify.js'
import { VERSION } from '../../version.js'
import { completeAnswers } from './common-answers.js'

/** Before the routes: it listens to them being declared. */
export async function addOpenApi (app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'fewstep',
        version: VERSION,
        description: 'Text generation with few-step diffusion language models: every request is a text refined a handful of times.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
      },
      servers: [{ url: '/', description: 'This server.' }],
      externalDocs: { url: 'docs/', description: 'Guides' },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key, where the server asks for one.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same key.' }
        }
      },
      // Either, or none on a server without keys.
      security: [{ bearer: [] }, { apiKey: [] }, {}],
      tags: [
        { name: 'generation', description: 'Text from a prompt or a template.' },
        { name: 'openai', description: 'The same for clients of OpenAI.' },
        { name: 'models', description: 'What is loaded.' },
        { name: 'kserve', description: "KServe's version 2 protocol (open inference) with its generate extension." },
        { name: 'operation', description: 'For those who run the service.' },
        { name: 'admin', description: 'For those who change it while it runs, with the key of an admin.' }
      ]
    },
    transformObject: (document) => completeAnswers('openapiObject' in document ? document.openapiObject : document.swaggerObject),
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => typeof json.$id === 'string' ? json.$id : `schema-${i}` }
  })
}

const REFERENCE = '/docs/reference'

/** A page for people, /openapi.json for programs. */
export async function addReference (app: App): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: REFERENCE,
    theme: { title: 'fewstep: API reference' },
    // What is relative to the document is found under a proxy's prefix, too.
    transformSpecification: (document) => ({ ...document, servers: [{ url: '../..', description: 'This server.' }] }),
    transformSpecificationClone: false,
    uiHooks: {
      // The page's files are relative to it, and the router leaves the slash at the end out of account.
      onRequest: (request, reply, done) => {
        if (request.url.split('?', 1)[0]?.endsWith(REFERENCE) === true) void reply.redirect('reference/', 301)
        else done()
      }
    }
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
