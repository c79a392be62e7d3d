/** The services that the documents' examples are sent to, by the word after `sh`. */
import { parseCurl, type Example } from './examples.js'
import { LLADA, STORIES } from './openai.js'
import { startTestServer } from './server.js'

export interface Documented {
  /** Of the one that most examples are for. */
  readonly url: string
  readonly ask: (example: Pick<Example, 'command' | 'service'>) => Promise<{ readonly path: string, readonly response: Response, readonly body: string }>
  readonly stop: () => Promise<void>
}

export async function startDocumented (): Promise<Documented> {
  const services: Record<string, Awaited<ReturnType<typeof startTestServer>>> = {
    '': await startTestServer({ modelDirectories: [STORIES, LLADA] }),
    keys: await startTestServer({ modelDirectories: [STORIES], apiKeys: ['alice:correct-horse-battery'], requestsPerMinute: 1 }),
    admin: await startTestServer({ modelDirectories: [STORIES], adminKeys: ['ops:correct-horse-battery'] })
  }
  return {
    url: services['']?.url ?? '',
    ask: async ({ command, service }) => {
      const { path, init } = parseCurl(command)
      const response = await fetch((services[service]?.url ?? '') + path, init)
      return { path, response, body: await response.text() }
    },
    stop: async () => { for (const { stop } of Object.values(services)) await stop() }
  }
}
