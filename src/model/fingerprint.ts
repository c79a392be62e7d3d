/** What of a model decides which tokens a seed gives, in a few letters. */
import { createHash } from 'node:crypto'
import type { Manifest } from './manifest.js'
import { tunedBudgets } from './tuned-schedules.js'

const DIGITS = 12

/** Of its weights and, where it has them, its tuned schedules: whoever asks for that many steps may get those without naming them. */
export function fingerprintOf ({ files, graph, schedules }: Pick<Manifest, 'files' | 'graph' | 'schedules'>): string {
  const weights = files[graph.file]?.sha256 ?? ''
  const tuned = tunedBudgets(schedules)
  const facts = tuned.length === 0 ? weights : createHash('sha256').update(weights + JSON.stringify(tuned)).digest('hex')
  return `fp_${facts.slice(0, DIGITS)}`
}
