/** Plain text tables for terminals and documents. */

/** The first column to the left, all others, which are numbers as a rule, to the right. */
export function formatTable (header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) => widths
    .map((width, column) => {
      const cell = line[column] ?? ''
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    .join('  ').trimEnd()).join('\n') + '\n'
}

/** Three significant digits, without an exponent: 0.0123, 1.23, 12.3, 1234; a dash for what does not exist. */
export function digits (value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (value === 0 || !Number.isFinite(value)) return String(value)
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toFixed(decimals)
}

export function percent (share: number | null | undefined): string {
  return share === null || share === undefined || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`
}
