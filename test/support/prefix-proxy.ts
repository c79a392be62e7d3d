/** A proxy that has the service under a prefix. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PrefixProxy {
  /** With the prefix. */
  readonly url: string
  readonly stop: () => void
}

/** Takes the prefix off and passes on what is under it; the rest is not found. */
export async function startPrefixProxy (prefix: string, target: string): Promise<PrefixProxy> {
  const proxy = createServer((from, to) => {
    if (from.url?.startsWith(`${prefix}/`) !== true) {
      to.writeHead(404).end()
      return
    }
    const onward = request(`${target}${from.url.slice(prefix.length)}`, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
    })
    from.pipe(onward)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`,
    stop: () => {
      proxy.close()
      proxy.closeAllConnections()
    }
  }
}
