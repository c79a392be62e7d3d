/** Unix sockets: files that outlive a process that was killed. */
import { once } from 'node:events'
import { lstat, rm } from 'node:fs/promises'
import { connect } from 'node:net'

/** Hosts that are no address but a path. */
export function isSocketPath (host: string): boolean {
  return host.startsWith('/')
}

/** Nobody listens on it any more, and nobody could: the file alone is in the way. Whatever else lies there stays. */
export async function removeDeadSocket (path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats?.isSocket() !== true) return
  const socket = connect(path)
  const error = await once(socket, 'connect').then(() => undefined, (reason: unknown) => reason as NodeJS.ErrnoException)
  socket.destroy()
  if (error?.code === 'ECONNREFUSED') await rm(path, { force: true })
}
