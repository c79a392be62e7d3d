/** Where keys come from: the file of FEWSTEP_API_KEYS_FILE, FEWSTEP_API_KEYS and FEWSTEP_ADMIN_KEYS. No error quotes what it found. */
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config.js'
import { checkName, digestOf, parseKeyLine, type Key } from './key-line.js'

export type KeySettings = Pick<Config, 'apiKeysFile' | 'apiKeys' | 'adminKeys'>

/** Shorter ones could be guessed. */
const SHORTEST_KEY = 16

/** @throws Error naming the file and the line, or the setting, and saying what is wrong */
export async function readKeys ({ apiKeysFile, apiKeys, adminKeys }: KeySettings): Promise<Key[]> {
  const keys = [
    ...apiKeys.map((entry, i) => keyOfSetting(entry, `entry ${i + 1} of FEWSTEP_API_KEYS`, false)),
    ...adminKeys.map((entry, i) => keyOfSetting(entry, `entry ${i + 1} of FEWSTEP_ADMIN_KEYS`, true))
  ]
  if (apiKeysFile !== undefined) keys.push(...await readKeysFile(apiKeysFile))
  const names = new Set<string>()
  for (const { name } of keys) {
    if (names.has(name)) throw new Error(`FEWSTEP_API_KEYS_FILE, FEWSTEP_API_KEYS, FEWSTEP_ADMIN_KEYS: two keys have the name ${name}`)
    names.add(name)
  }
  return keys
}

async function readKeysFile (file: string): Promise<Key[]> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new Error(`FEWSTEP_API_KEYS_FILE ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
  const keys = text.split('\n').flatMap((line, i) => {
    try {
      return parseKeyLine(line) ?? []
    } catch (error) {
      throw new Error(`FEWSTEP_API_KEYS_FILE ${file}, line ${i + 1}: ${(error as Error).message}`, { cause: error })
    }
  })
  // Nobody could ask, and an empty file more likely is one that is being written.
  if (keys.length === 0) throw new Error(`FEWSTEP_API_KEYS_FILE ${file} has no keys; fewstep key new NAME makes one`)
  return keys
}

/**
 * @param entry NAME:KEY
 * @param what it is, for an error
 */
function keyOfSetting (entry: string, what: string, admin: boolean): Key {
  const colon = entry.indexOf(':')
  const [name, key] = [entry.slice(0, Math.max(0, colon)), entry.slice(colon + 1)]
  if (colon < 0 || !/^[\x21-\x7e]+$/.test(key)) throw new Error(`${what} must be NAME:KEY, as in alice:KEY, without blanks`)
  if (key.length < SHORTEST_KEY) {
    throw new Error(`${what}: the key must have at least ${SHORTEST_KEY} characters; openssl rand -hex 24 makes one`)
  }
  try {
    checkName(name)
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
  }
  return { name, digest: digestOf(key), limits: {}, admin }
}
