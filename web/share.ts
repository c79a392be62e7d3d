/** A request in the fragment of a link: browsers send it to nobody. */
import { EMPTY, type Fields } from './fields.js'

/** @returns without `#` */
export function toFragment (fields: Fields): string {
  const used = Object.entries(fields).filter(([, value]) => value !== '') as Array<[string, string]>
  return new URLSearchParams(used).toString()
}

/** @returns undefined where the fragment holds no request */
export function fromFragment (fragment: string): Fields | undefined {
  const given = [...new URLSearchParams(fragment.replace(/^#/, ''))].filter(([name]) => name in EMPTY)
  return given.length === 0 ? undefined : { ...EMPTY, ...Object.fromEntries(given) as Partial<Fields> }
}
