/** What was measured at an earlier start, kept between starts of the same model on the same machine. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Check } from 'typebox/schema'
import { cpuQuota, usableCores } from './cpu-limits.js'
import { LANES } from './lane.js'
import type { PoolPlan } from './pool-plan.js'
import type { WarmUpShape } from './warm-up.js'
import type { Precision } from './worker-protocol.js'

/** Later, a machine is another one. */
const LONGEST_AGE_MS = 30 * 86_400_000

/** Of the file: another one has another name, so that an older one is measured anew instead of being read in part. */
const FORMAT = 2

const Cost = Type.Object({
  rows: Type.Integer(), paddedLength: Type.Integer(), lane: Type.Enum([...LANES]), ms: Type.Number({ exclusiveMinimum: 0 })
})
const Kept = Type.Object({
  measuredAt: Type.String(),
  plan: Type.Object({ workers: Type.Integer(), threads: Type.Integer() }),
  precision: Type.Enum(['float32', 'int8', 'float16']),
  costs: Type.Array(Type.Unknown())
})

/** How many workers with how many threads and in which precision, and what a step costs with them. */
export interface Tuning {
  /** ISO 8601 */
  readonly measuredAt: string
  readonly plan: PoolPlan
  readonly precision: Precision
  readonly costs: ReadonlyArray<Static<typeof Cost>>
}

export class TuningCache {
  readonly #file: string | undefined

  /**
   * @param directory undefined: nothing is kept
   * @param conditions everything that the measurement depends on, besides the processor and what the process may use of it
   */
  constructor (directory: string | undefined, conditions: Readonly<Record<string, string | number>>) {
    const processor = [cpus()[0]?.model, usableCores(), cpuQuota()]
    const key = createHash('sha256').update(JSON.stringify([FORMAT, conditions, processor])).digest('hex').slice(0, 16)
    this.#file = directory === undefined ? undefined : join(directory, `tuning-${key}.json`)
  }

  /**
   * A file is believed no further than what could have been measured here: one of the plans, one of the precisions, costs of these shapes.
   * @returns undefined where nothing (readable) is kept, or for too long
   */
  async read (plans: readonly PoolPlan[], precisions: readonly Precision[], shapes: readonly WarmUpShape[]): Promise<Tuning | undefined> {
    if (this.#file === undefined) return undefined
    const json = await readFile(this.#file, 'utf8').then((text) => JSON.parse(text) as unknown).catch(() => undefined)
    if (!Check(Kept, json)) return undefined
    const ageMs = Date.now() - Date.parse(json.measuredAt)
    if (!(ageMs >= 0 && ageMs <= LONGEST_AGE_MS)) return undefined
    const plan = plans.find(({ workers, threads }) => workers === json.plan.workers && threads === json.plan.threads)
    const { precision } = json
    if (plan === undefined || !precisions.includes(precision)) return undefined
    const costs = json.costs.filter((cost) => Check(Cost, cost)).filter((cost) => shapes.some((shape) => isOf(shape, cost)))
    return { measuredAt: json.measuredAt, plan, precision, costs }
  }

  /** @throws Error where it cannot be written, as in a read-only container */
  async write (tuning: Tuning): Promise<void> {
    if (this.#file === undefined) return
    await mkdir(join(this.#file, '..'), { recursive: true })
    const partial = `${this.#file}.${process.pid}`
    try {
      await writeFile(partial, JSON.stringify(tuning))
      await rename(partial, this.#file)
    } catch (error) {
      // Where the disk is full, each start would leave another one.
      await rm(partial, { force: true }).catch(() => {})
      throw error
    }
  }
}

function isOf (shape: WarmUpShape, cost: WarmUpShape): boolean {
  return shape.rows === cost.rows && shape.paddedLength === cost.paddedLength && shape.lane === cost.lane
}
