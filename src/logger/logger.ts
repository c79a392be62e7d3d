/** The one logger: JSON lines, or coloured ones where a person looks on. */
import { pino, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { filterBy, type LogLevel } from './log-level.js'
import { LogSink } from './log-sink.js'

export interface Log {
  readonly logger: Logger
  /** Of the logger and all that came of it. */
  readonly level: LogLevel
  /** Lines that standard output could not take, so far. */
  readonly droppedLines: () => number
}

/** Of this process: what is still to be written when it exits is written then. */
export function createLog (begin: string): Log {
  const { level, options } = filterBy(begin)
  const sink = new LogSink(process.stdout.fd, ({ lines, reason }) => {
    logger.warn({ lines, reason }, 'log lines were lost: standard output could not take them')
  })
  process.once('exit', () => { sink.flushSync() })
  const toPerson = process.stdout.isTTY ? prettyFactory({ colorize: true }) : undefined
  const logger = pino({ ...options, base: null, timestamp: pino.stdTimeFunctions.isoTime }, {
    write: (line) => { sink.write(toPerson === undefined ? line : toPerson(line)) }
  })
  return { logger, level, droppedLines: () => sink.dropped }
}
