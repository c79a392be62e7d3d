/** How much is logged, changed while the service runs. */
import { pino, type Logger, type LoggerOptions } from 'pino'

export interface LogLevel {
  readonly get: () => string
  /** @param level one of pino's, or silent */
  readonly set: (level: string) => void
}

/**
 * A logger's children keep the level that it had when they were made, so it is given the lowest, and what is below another one
 * is dropped before it becomes text.
 * @param begin one of pino's levels, or silent
 */
export function filterBy (begin: string): { readonly level: LogLevel, readonly options: LoggerOptions } {
  let now = begin
  let least = numberOf(begin)
  return {
    level: {
      get: () => now,
      set: (level) => {
        now = level
        least = numberOf(level)
      }
    },
    options: {
      level: 'trace',
      hooks: { logMethod (args, method, number) { if (number >= least) method.apply(this, args) } }
    }
  }
}

/** Of a logger that somebody else made: its children keep theirs. */
export function levelOf (logger: Logger): LogLevel {
  return { get: () => logger.level, set: (level) => { logger.level = level } }
}

function numberOf (level: string): number {
  return level === 'silent' ? Infinity : pino.levels.values[level] ?? 0
}
