/** What the processor can do, as far as it decides what runs before anything was measured. */
import { readFileSync } from 'node:fs'

/** Instructions that multiply bytes and add the products up in 32 bits, by their names in /proc/cpuinfo. */
const BYTE_PRODUCTS = ['avx512_vnni', 'avx_vnni', 'amx_int8', 'asimddp', 'i8mm']

/** Whether 8-bit products are much faster than float32 here. Where the system does not tell, they are taken to be. */
export function hasByteProducts (cpuinfo: string = '/proc/cpuinfo'): boolean {
  try {
    const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(cpuinfo, 'utf8'))?.[1]?.trim().split(' ')
    return flags === undefined || BYTE_PRODUCTS.some((name) => flags.includes(name))
  } catch {
    return true
  }
}
