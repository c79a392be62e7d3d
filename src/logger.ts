/** The one logger: JSON lines, or coloured ones where a person looks on. */
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

export function createLogger (level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return process.stdout.isTTY ? pino(options, pretty({ sync: true, colorize: true })) : pino(options)
}
