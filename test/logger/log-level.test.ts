import { pino } from 'pino'
import t from 'tap'
import { filterBy, levelOf } from '../../src/logger/log-level.js'

t.test('the level changes for all loggers that came of the first, those that were made before, too', async (t) => {
  const { level, options } = filterBy('info')
  const lines: string[] = []
  const logger = pino(options, { write: (line) => { lines.push((JSON.parse(line) as { msg: string }).msg) } })
  const child = logger.child({ model: 'a' })
  const say = (what: string): string[] => {
    lines.length = 0
    for (const each of [logger, child]) {
      each.debug(`${what} debug`)
      each.info(`${what} info`)
      each.fatal(`${what} fatal`)
    }
    return [...lines]
  }
  const twice = (...levels: string[]): string[] => [...levels, ...levels]
  t.equal(level.get(), 'info')
  t.same(say('at first'), twice('at first info', 'at first fatal'))
  level.set('debug')
  t.same(say('then'), twice('then debug', 'then info', 'then fatal'))
  level.set('fatal')
  t.same(say('later'), twice('later fatal'))
  level.set('silent')
  t.same(say('last'), [])
  t.equal(level.get(), 'silent')
})

t.test("of a logger that somebody else made, it is the logger's own", async (t) => {
  const logger = pino({ level: 'warn' }, { write: () => {} })
  const level = levelOf(logger)
  t.equal(level.get(), 'warn')
  level.set('trace')
  t.equal(logger.level, 'trace')
})
