/** Whom an address stands for. */
import { isIPv6 } from 'node:net'

/** Of an IPv6 address the first 64 bits: a client has all addresses that begin so. */
export function clientOfAddress (address: string | undefined): string {
  // Over a Unix socket nobody has one.
  if (address === undefined) return 'local'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - groups.length - behind.length)).fill('0')
  return `${[...groups, ...zeros, ...behind].slice(0, 4).join(':').toLowerCase()}::/64`
}
