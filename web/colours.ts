/** Which of the few colours stands for a step, and for a probability. */

/** Colours from the first change to the last. */
export const STEP_COLOURS = 8
/** Shades from improbable to sure. */
export const SHADES = 5

/** @returns 1 ... STEP_COLOURS */
export function colourOfStep (step: number, steps: number): number {
  return Math.min(STEP_COLOURS, Math.max(1, Math.ceil(step / Math.max(1, steps) * STEP_COLOURS)))
}

/** @returns 0 ... SHADES - 1 */
export function shadeOf (probability: number): number {
  return Math.min(SHADES - 1, Math.max(0, Math.floor(probability * SHADES)))
}

export interface LegendEntry {
  readonly colour: number
  readonly label: string
}

/** The steps that each colour stands for; colours that no step has are left out. */
export function stepLegend (steps: number): LegendEntry[] {
  const ranges = new Map<number, [number, number]>()
  for (let step = 1; step <= steps; step++) {
    const colour = colourOfStep(step, steps)
    ranges.set(colour, [ranges.get(colour)?.[0] ?? step, step])
  }
  return [...ranges].map(([colour, [first, last]]) => ({ colour, label: first === last ? String(first) : `${first}–${last}` }))
}

export function shadeLegend (): LegendEntry[] {
  return Array.from({ length: SHADES }, (_, shade) => ({
    colour: shade, label: `${shade * 100 / SHADES}–${(shade + 1) * 100 / SHADES} %`
  }))
}
