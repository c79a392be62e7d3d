/** Keys, and the lines of a keys file: `NAME SHA-256 [admin] [requests=N] [positions=N] [canvases=N]`. */
import { createHash, randomBytes } from 'node:crypto'
import type { Limits } from './limits.js'

export interface Key {
  /** For logs and metrics. */
  readonly name: string
  /** SHA-256 of the key: the key itself is kept nowhere. */
  readonly digest: Buffer
  /** Those that differ from the defaults. */
  readonly limits: Partial<Limits>
  /** Whether it may load and unload models. */
  readonly admin: boolean
}

const NAME = /^[A-Za-z\d][\w.-]{0,63}$/
const DIGEST = /^[\da-f]{64}$/i
const ADMIN = /^admin$/i
const LIMIT = /^(requests|positions|canvases)=(\d{1,10})$/
const LIMIT_NAMES = {
  requests: 'requestsPerMinute', positions: 'positionsPerMinute', canvases: 'canvasesAtOnce'
} as const satisfies Record<string, keyof Limits>

/** @throws Error saying what a name may be */
export function checkName (name: string): void {
  if (NAME.test(name)) return
  throw new Error('the name of a key has 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit')
}

/** 256 random bits, and marked as what they are for whoever finds them in the wrong place. */
export function makeKey (): string {
  return `fewstep-${randomBytes(32).toString('base64url')}`
}

export function digestOf (key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** @throws Error saying what a name may be */
export function keyLine (name: string, key: string, admin = false): string {
  checkName(name)
  return `${name} ${digestOf(key).toString('hex')}${admin ? ' admin' : ''}`
}

/**
 * @returns undefined for an empty line or a comment
 * @throws Error saying what is wrong, without quoting anything: it may be a key
 */
export function parseKeyLine (line: string): Key | undefined {
  const [name = '', digest = '', ...words] = line.trim().split(/\s+/)
  if (name === '' || name.startsWith('#')) return undefined
  checkName(name)
  if (!DIGEST.test(digest)) {
    throw new Error("behind the name stands the key's SHA-256, 64 hexadecimal digits, as fewstep key new prints it")
  }
  const limits = words.filter((word) => !ADMIN.test(word))
  return { name, digest: Buffer.from(digest, 'hex'), limits: Object.fromEntries(limits.map(parseLimit)), admin: limits.length < words.length }
}

/** 0 means no limit, whatever the default. */
function parseLimit (word: string): [keyof Limits, number | undefined] {
  const [, name, number] = LIMIT.exec(word) ?? []
  if (name === undefined) throw new Error('behind the SHA-256 stand admin, and limits: requests=N, positions=N or canvases=N, 0 for none')
  return [LIMIT_NAMES[name as keyof typeof LIMIT_NAMES], Number(number) || undefined]
}
