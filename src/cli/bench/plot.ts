/** Latency against rate, as an SVG that stands alone. */
import type { Quantiles } from '../../load/statistics.js'
import { digits } from './table.js'

export interface PlotPoint {
  /** Requests per second. */
  readonly rate: number
  /** null: none was answered. */
  readonly latencyMs: Quantiles | null
}

const [WIDTH, HEIGHT] = [720, 420]
const MARGIN = { left: 72, right: 64, top: 40, bottom: 56 }
const LINES = [['p50', '#1b7f5c'], ['p95', '#b46a00'], ['p99', '#b3261e']] as const

/** @param points in any order; those without an answer leave a gap */
export function latencyPlot (points: readonly PlotPoint[]): string {
  const sorted = [...points].sort((a, b) => a.rate - b.rate)
  const answered = sorted.flatMap(({ rate, latencyMs }) => latencyMs === null ? [] : [{ rate, latencyMs }])
  const x = scale(Math.max(1e-9, ...sorted.map(({ rate }) => rate)), MARGIN.left, WIDTH - MARGIN.right)
  const y = scale(Math.max(1e-9, ...answered.map(({ latencyMs }) => latencyMs.p99)), HEIGHT - MARGIN.bottom, MARGIN.top)
  const lines = LINES.map(([name, color]) => {
    const at = answered.map(({ rate, latencyMs }) => `${round(x.of(rate))},${round(y.of(latencyMs[name]))}`)
    const dots = at.map((point) => { const [cx, cy] = point.split(','); return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>` })
    const last = answered.at(-1)
    const label = last === undefined ? '' : `<text x="${round(x.of(last.rate) + 8)}" y="${round(y.of(last.latencyMs[name]) + 4)}" fill="${color}">${name}</text>`
    return `<polyline points="${at.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}${label}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" role="img">
<title>Latency against rate</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${x.ticks.map((tick) => `<text x="${round(x.of(tick))}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle" fill="#333">${label(tick)}</text>`).join('\n')}
${y.ticks.map((tick) => `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(y.of(tick))}" y2="${round(y.of(tick))}" stroke="#ddd"/>` +
    `<text x="${MARGIN.left - 8}" y="${round(y.of(tick) + 4)}" text-anchor="end" fill="#333">${label(tick)}</text>`).join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#333">requests per second</text>
<text x="${MARGIN.left}" y="20" fill="#333">ms from when a request was due to its answer</text>
${lines.join('\n')}
</svg>
`
}

interface Scale {
  readonly of: (value: number) => number
  readonly ticks: readonly number[]
}

/** Linear from 0, up to a round number at or above the largest value. */
function scale (largest: number, from: number, to: number): Scale {
  const magnitude = 10 ** Math.floor(Math.log10(largest / 4))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((each) => 5 * each >= largest) ?? largest
  const count = Math.ceil(largest / step)
  const end = count * step
  return { of: (value) => from + (to - from) * value / end, ticks: Array.from({ length: count + 1 }, (_, i) => i * step) }
}

function label (tick: number): string {
  return tick === 0 ? '0' : digits(tick).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}

function round (value: number): number {
  return Math.round(10 * value) / 10
}
