/** What was measured at an earlier start, kept between starts of the same model on the same machine. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'

const Tuning = Type.Object({
  plan: Type.Object({ workers: Type.Integer({ minimum: 1 }), threads: Type.Integer({ minimum: 1 }) }),
  costs: Type.Array(Type.Object({
    rows: Type.Integer({ minimum: 1 }), paddedLength: Type.Integer({ minimum: 1 }), ms: Type.Number({ exclusiveMinimum: 0 })
  }))
})
/** How many workers with how many threads, and what a step costs with them. */
export type Tuning = Static<typeof Tuning>

export class TuningCache {
  readonly #file: string | undefined

  /**
   * @param directory undefined: nothing is kept
   * @param conditions everything that the measurement depends on, besides the processor
   */
  constructor (directory: string | undefined, conditions: Readonly<Record<string, string | number>>) {
    const key = createHash('sha256').update(JSON.stringify([conditions, cpus()[0]?.model])).digest('hex').slice(0, 16)
    this.#file = directory === undefined ? undefined : join(directory, `tuning-${key}.json`)
  }

  /** undefined where nothing (readable) is kept */
  async read (): Promise<Tuning | undefined> {
    if (this.#file === undefined) return undefined
    try {
      const json: unknown = JSON.parse(await readFile(this.#file, 'utf8'))
      return Value.Check(Tuning, json) ? json : undefined
    } catch {
      return undefined
    }
  }

  /** @throws Error where it cannot be written, as in a read-only container */
  async write (tuning: Tuning): Promise<void> {
    if (this.#file === undefined) return
    await mkdir(join(this.#file, '..'), { recursive: true })
    const partial = `${this.#file}.${process.pid}`
    await writeFile(partial, JSON.stringify(tuning))
    await rename(partial, this.#file)
  }
}
