/** Settings that are lists with commas between their entries. */
import { isIP } from 'node:net'

/** Entries without the blanks around them; an empty setting has none. */
export function listOf (setting: string): string[] {
  return setting === '' ? [] : setting.split(',').map((entry) => entry.trim())
}

/** @throws Error naming the setting and the entry that is no origin as browsers write one */
export function origins (name: string, setting: string): string[] {
  const entries = listOf(setting)
  const wrong = entries.find((entry) => entry !== '*' && originOf(entry) !== entry)
  if (wrong === undefined) return entries
  throw new Error(`${name} must be * or origins with commas between them, as in https://app.example.com, not ${JSON.stringify(wrong)}`)
}

function originOf (entry: string): string | undefined {
  return URL.canParse(entry) ? new URL(entry).origin : undefined
}

/** @throws Error naming the setting and the entry that is neither an address nor a range, loopback or unix */
export function addressRanges (name: string, setting: string): string[] {
  const entries = listOf(setting)
  const wrong = entries.find((entry) => entry !== 'loopback' && entry !== 'unix' && !isRange(entry))
  if (wrong === undefined) return entries
  throw new Error(`${name} must be addresses, ranges as in 10.0.0.0/8, loopback or unix, with commas between them, not ` +
    JSON.stringify(wrong))
}

function isRange (entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return rest.length === 0 && bits > 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
}
