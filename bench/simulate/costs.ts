/** What a step costs in a simulation: measured, or an example. */
import { readFileSync } from 'node:fs'
import { lengthBuckets } from '../../src/diffusion/canvas.js'
import { CostCurve, type CostPoint } from '../../src/engine/cost-curve.js'

export interface CostExample {
  readonly about: string
  /** ms of a step over so many positions, padding included. */
  readonly stepMs: (positions: number) => number
}

/** Invented, to show two kinds of machine; measure your own with `npm run bench -- step_costs`. */
export const COST_EXAMPLES: Readonly<Record<'cpu' | 'gpu', CostExample>> = {
  cpu: {
    about: 'nearly in proportion to the positions: 1 ms, and 25 ms for each 1,000 of them',
    stepMs: (positions) => 1 + 0.025 * positions
  },
  gpu: {
    about: 'flat, then in proportion: 4 ms up to 8,000 positions, beyond that 0.5 ms for each 1,000 of them',
    stepMs: (positions) => Math.max(4, 0.0005 * positions)
  }
}

const EXAMPLE_LENGTH = 1024
const EXAMPLE_ROWS = Array.from({ length: 11 }, (_, i) => 2 ** i)

/** @returns undefined: no example has that name */
export function exampleCosts (name: string): CostCurve | undefined {
  if (name !== 'cpu' && name !== 'gpu') return undefined
  const { stepMs } = COST_EXAMPLES[name]
  return new CostCurve(lengthBuckets(EXAMPLE_LENGTH).flatMap((paddedLength) =>
    EXAMPLE_ROWS.map((rows) => ({ rows, paddedLength, ms: stepMs(rows * paddedLength) }))))
}

/**
 * A JSON file: a list of {"rows", "padded_length", "ms"}, or a bench/results.json with the figure step_costs in it.
 * @throws Error saying what is wrong with the file
 */
export function readCosts (file: string): CostCurve {
  const content = JSON.parse(readFileSync(file, 'utf8')) as unknown
  const points = Array.isArray(content) ? content : measuredPoints(content)
  if (!Array.isArray(points) || points.length === 0) {
    throw new Error(`${file} holds neither a list of step costs nor the figure step_costs: npm run bench -- step_costs measures it`)
  }
  return new CostCurve(points.map((point) => parsePoint(point, file)))
}

function measuredPoints (content: unknown): unknown {
  return (content as { figures?: { step_costs?: { detail?: { points?: unknown } } } } | null)?.figures?.step_costs?.detail?.points
}

function parsePoint (point: unknown, file: string): CostPoint {
  const { rows, padded_length: paddedLength, ms } = point as Record<string, unknown>
  if (!isPositive(rows) || !isPositive(paddedLength) || !isPositive(ms)) {
    throw new Error(`${file}: rows, padded_length and ms must be numbers above 0, not ${JSON.stringify(point)}`)
  }
  return { rows, paddedLength, ms }
}

function isPositive (value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity
}
