/** Why the service cannot listen, in one sentence that names the setting to change. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSocketPath } from './unix-socket.js'

const NO_SUCH_ADDRESS = new Set([
  'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAMILY', 'EAI_NODATA', 'EAI_NONAME'
])

/** @returns the error itself where it is about something else */
export function explainListenError (error: unknown, { host, port }: { readonly host: string, readonly port: number }): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return error
  return new Error(isSocketPath(host) ? sentenceOfSocket(code, host) : sentence(code, host, port), { cause: error })
}

function sentenceOfSocket (code: string, path: string): string {
  if (code === 'EADDRINUSE') return `HOST ${path} is taken: another process listens there, or it is no socket; choose another path`
  // Node says EACCES of that, too.
  if (code === 'ENOENT' || !existsSync(dirname(path))) return `HOST ${path} is in a folder that is not there; make it first`
  return `cannot listen on the Unix socket HOST ${path}: ${code}`
}

function sentence (code: string, host: string, port: number): string {
  if (code === 'EADDRINUSE' && port === 0) {
    return 'PORT 0 asks for any free port, and there is none: name one, or widen net.ipv4.ip_local_port_range'
  }
  if (code === 'EADDRINUSE') {
    return `PORT ${port} is taken: another process listens there on ${host}; choose another port, or 0 for a free one`
  }
  if (code === 'EACCES') return `PORT ${port} is not allowed: below 1024 most systems ask for a privilege; choose a higher one`
  if (NO_SUCH_ADDRESS.has(code)) {
    return `HOST ${host} is no address of this machine (${code}): 127.0.0.1 takes requests from it alone, 0.0.0.0 and :: from everywhere`
  }
  return `cannot listen on HOST ${host}, PORT ${port}: ${code}`
}
