/** Two listeners of one server, at real sockets. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import t from 'tap'
import { SharedRoom } from '../../src/server/shared-room.js'

const MOST = 3

async function listen (server: Server, host: string): Promise<AddressInfo> {
  await once(server.listen(0, host), 'listening')
  return server.address() as AddressInfo
}

t.test('two listeners have no more connections together than one may have, and what one gives back the other has', async (t) => {
  const taken: Socket[] = []
  let dropped = 0
  const first = createServer((socket) => { taken.push(socket.on('error', () => {})) })
  first.maxConnections = MOST
  first.on('drop', () => { dropped++ })
  const room = new SharedRoom(first)
  const second = room.add()
  const [here, there] = [await listen(first, '127.0.0.1'), await listen(second, '127.0.0.1')]
  t.teardown(() => {
    for (const socket of taken) socket.destroy()
    for (const server of [first, second]) server.close()
  })
  /** @returns whether it was taken */
  const visit = async ({ port, address }: AddressInfo): Promise<boolean> => {
    const before = [taken.length, dropped]
    const socket = connect(port, address).on('error', () => {})
    await Promise.race([once(first, 'connection'), once(first, 'drop')])
    t.not(String([taken.length, dropped]), String(before))
    return taken.length > (before[0] ?? 0) && !socket.destroyed
  }
  const leave = async (): Promise<void> => {
    const socket = taken.pop()
    if (socket === undefined) throw new Error('there is none')
    socket.destroy()
    await once(socket, 'close')
  }
  t.equal(await visit(there), true)
  t.equal(await visit(there), true)
  t.equal(await visit(here), true)
  t.equal(await visit(here), false, 'there is room for one at either')
  t.equal(await visit(there), false)
  await leave()
  t.equal(await visit(there), true, 'room of the first')
  t.equal(await visit(here), false, 'which has none left')
  await leave()
  t.equal(await visit(here), true)
  t.equal(dropped, 3)
})
