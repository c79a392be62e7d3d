/** "Did you mean ...?" */

/** Levenshtein distance: the fewest insertions, deletions and replacements between two words. */
export function editDistance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The known word that a stranger most resembles, ignoring case, dashes and underscores; undefined where none is near. */
export function suggest (stranger: string, known: readonly string[]): string | undefined {
  if (stranger.length > 64) return undefined
  const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '')
  const [best] = known
    .map((word) => ({ word, distance: editDistance(plain(stranger), plain(word)) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, best.word.length / 3) ? best.word : undefined
}
