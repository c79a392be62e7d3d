/** Where the service takes connections. */
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Service } from '../http/app/build-app.js'
import { SharedRoom } from './shared-room.js'
import { isSocketPath, removeDeadSocket } from './unix-socket.js'

export interface Listeners {
  /** Of the first of them. */
  readonly url: string
  /** From now on whoever connects is refused by the operating system, and connections that are idle close. */
  close: () => void
}

/** Puts an address into the line of the log that says where the service listens. */
type Describe = (address: string) => string

/**
 * On a Unix socket, where the host is a path, or else on a port. The name localhost has two addresses, 127.0.0.1 and ::1: it means both.
 * @throws Error where the port or the path is taken or the host has no such address
 */
export async function listen (
  { app }: Service, { host, port }: { readonly host: string, readonly port: number }, describe: Describe
): Promise<Listeners> {
  if (isSocketPath(host)) {
    await removeDeadSocket(host)
    await app.listen({ path: host, listenTextResolver: describe })
    return { url: `unix:${host}`, close: () => { app.server.close() } }
  }
  const [first = host, ...others] = host === 'localhost' ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
  const room = new SharedRoom(app.server) // before any connection
  await app.listen({ host: first, port, listenTextResolver: describe })
  const address = app.server.address() as AddressInfo // it listens, and not on a pipe
  const servers: Server[] = []
  for (const other of others) {
    const server = room.add()
    // An address that this machine does not have is no loss.
    await once(server.listen(address.port, other), 'listening').then(() => { servers.push(server) }, () => {})
  }
  return {
    url: urlOf(address),
    close: () => { for (const server of [app.server, ...servers]) server.close() }
  }
}

function urlOf ({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
