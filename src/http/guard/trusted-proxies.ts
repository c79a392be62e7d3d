/** Whose word on a client's address is taken. */
import { BlockList, isIPv6 } from 'node:net'

/** Asked of each address on the way from the socket to the client, nearest first. */
export type Trust = (address: string | undefined) => boolean

/** @param entries addresses, ranges, loopback, unix, all of them well-formed */
export function trustOf (entries: readonly string[]): Trust {
  const ranges = new BlockList()
  for (const entry of entries.flatMap((each) => each === 'loopback' ? ['127.0.0.0/8', '::1'] : each)) {
    if (entry === 'unix') continue
    const [address = '', prefix] = entry.split('/')
    const family = familyOf(address)
    if (prefix === undefined) ranges.addAddress(address, family)
    else ranges.addSubnet(address, Number(prefix), family)
  }
  const trustsSocket = entries.includes('unix')
  // What a proxy wrote that is no address is in no range.
  return (address) => address === undefined ? trustsSocket : ranges.check(address, familyOf(address))
}

function familyOf (address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
