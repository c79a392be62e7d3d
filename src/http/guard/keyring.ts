/** The keys that are let in, kept up to date with their file. */
import { timingSafeEqual } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import type { Logger } from 'pino'
import { digestOf, type Key } from './key-line.js'
import { readKeys, type KeySettings } from './key-sources.js'

/** How soon a change of the file is noticed. It is looked at, not listened to: Kubernetes replaces a link to the folder above it. */
const LOOK_MS = 1000

export class Keyring {
  /** Whether everybody needs a key, or only who administers. */
  readonly guardsAll: boolean
  readonly #settings: KeySettings
  readonly #onChange: () => void
  #keys: ReadonlyMap<string, Key> = new Map()

  private constructor (settings: KeySettings, logger: Logger) {
    this.#settings = settings
    this.guardsAll = settings.apiKeysFile !== undefined || settings.apiKeys.length > 0
    this.#onChange = () => {
      this.#read().then(
        () => { logger.info({ keys: this.#keys.size }, 'the keys were read again') },
        (error: unknown) => { logger.error({ reason: (error as Error).message }, 'the keys stay as they were: their file is damaged') })
    }
  }

  /**
   * The file is read again when it changes; while it is damaged, the keys stay those of before.
   * @returns undefined where no setting of keys is set: there are no keys then, and everybody is served
   * @throws Error as `readKeys`
   */
  static async open (settings: KeySettings, logger: Logger): Promise<Keyring | undefined> {
    const { apiKeysFile, apiKeys, adminKeys } = settings
    if (apiKeysFile === undefined && apiKeys.length === 0 && adminKeys.length === 0) return undefined
    const keyring = new Keyring(settings, logger)
    await keyring.#read()
    if (apiKeysFile !== undefined) watchFile(apiKeysFile, { interval: LOOK_MS, persistent: false }, keyring.#onChange)
    return keyring
  }

  /**
   * In constant time: what the time of a look-up tells of a digest says nothing of the key, and only equal ones are compared to the end.
   * @returns the key that was presented, if it is one of ours
   */
  find (presented: string): Key | undefined {
    const digest = digestOf(presented)
    const key = this.#keys.get(digest.toString('hex'))
    return key !== undefined && timingSafeEqual(key.digest, digest) ? key : undefined
  }

  get hasAdmins (): boolean {
    return [...this.#keys.values()].some(({ admin }) => admin)
  }

  close (): void {
    if (this.#settings.apiKeysFile !== undefined) unwatchFile(this.#settings.apiKeysFile, this.#onChange)
  }

  async #read (): Promise<void> {
    const keys = await readKeys(this.#settings)
    this.#keys = new Map(keys.map((key) => [key.digest.toString('hex'), key]))
  }
}
