/** Numbers as people read them. */

export function ms (value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`
  if (value < 0.05) return '0 ms'
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ms`
}

export function count (value: number, unit: string): string {
  return `${value.toLocaleString('en')} ${unit}${value === 1 ? '' : 's'}`
}

export function compact (value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}
