/** Styles as escape sequences, by how many colours a terminal has. */
import type { View } from './commands.js'

export const LEVELS = 8

/** `level 0` ... `level 7`: shades of a scale. */
export type Level = `level ${number}`
export type Style = 'given' | 'plain' | 'changed' | 'mask' | 'status' | Level

/** What begins each style; '' for none. */
export type Palette = (style: Style) => string

export const RESET = '\x1b[0m'

type Rgb = readonly [number, number, number]

/** First to last change: the light colours of the timelines that the evaluation draws. */
const TIMELINE = ['fde2e4', 'ffe5c9', 'fff6bf', 'e2f5c9', 'cdf1e4', 'd3ebfb', 'dcdcfa', 'f1dcf7']
/** Unsure to sure. */
const CONFIDENCE = ['f8b4b4', 'f9c6ae', 'fad8aa', 'fbeaa8', 'eef2ac', 'd9f0b4', 'c4ecbc', 'aee7c4']
/** Backgrounds of 16 colours. */
const TIMELINE_16 = [101, 43, 103, 102, 106, 104, 105, 107]
const CONFIDENCE_16 = [101, 101, 43, 43, 103, 103, 102, 102]

const PLAIN: Partial<Record<Style, string>> = { given: '\x1b[1m', changed: '\x1b[1;32m', mask: '\x1b[2m', status: '\x1b[2m' }

/**
 * @param depth bits a colour, as `getColorDepth` says: 1 is none
 * @returns undefined where there are no colours
 */
export function paletteOf (depth: number, view: View): Palette | undefined {
  if (depth < 4) return undefined
  const shades = (view === 'confidence' ? CONFIDENCE : TIMELINE).map(rgbOf)
  const sixteen = view === 'confidence' ? CONFIDENCE_16 : TIMELINE_16
  return (style) => {
    const level = /^level (\d)$/.exec(style)?.[1]
    if (level === undefined) return PLAIN[style] ?? ''
    const [r, g, b] = shades[Number(level)] ?? [255, 255, 255]
    // Black on a light colour reads the same whatever the terminal's own background.
    if (depth >= 24) return `\x1b[38;2;0;0;0;48;2;${r};${g};${b}m`
    if (depth >= 8) return `\x1b[38;5;16;48;5;${cubeIndex([r, g, b])}m`
    return `\x1b[30;${sixteen[Number(level)] ?? 107}m`
  }
}

function rgbOf (hex: string): Rgb {
  const value = Number.parseInt(hex, 16)
  return [value >> 16, value >> 8 & 255, value & 255]
}

/** The nearest of the 216 colours of the 6 x 6 x 6 cube, whose levels are 0, 95, 135 ... 255. */
function cubeIndex (rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => value < 48 ? 0 : value < 115 ? 1 : Math.round((value - 55) / 40)) as unknown as Rgb
  return 16 + 36 * r + 6 * g + b
}
