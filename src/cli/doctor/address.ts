/** Whether the service could listen where it is told to. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Address } from './facts.js'

export interface Listening extends Address {
  /** Why not. */
  readonly problem: string | undefined
}

export async function listening (host: string, port: number): Promise<Listening> {
  // A socket file that nobody listens on is removed at start; one that somebody does is found taken.
  if (host.startsWith('/')) return { host, port, free: true, problem: undefined }
  const server = createServer()
  const problem = await once(server.listen(port, host), 'listening').then(() => undefined, (error: unknown) => reason(error, host, port))
  server.close()
  return { host, port, free: problem === undefined, problem }
}

function reason (error: unknown, host: string, port: number): string {
  const { code = 'error' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `PORT ${port} is taken on ${host}: another process listens there, perhaps the service itself`
  return `PORT ${port} cannot be listened on at ${host}: ${code}`
}
