import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { LogSink, type Loss } from '../../src/logger/log-sink.js'

const folder = await mkdtemp(join(tmpdir(), 'fewstep-'))
t.teardown(() => rm(folder, { recursive: true }))

function sinkTo (fd: number, maxWaitingBytes?: number): { sink: LogSink, losses: Loss[] } {
  const losses: Loss[] = []
  return { sink: new LogSink(fd, (loss) => { losses.push(loss) }, maxWaitingBytes), losses }
}

/** A pipe that does not block, both of its ends. */
function openPipe (name: string): number {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
}

function readAll (fd: number): string {
  const chunk = Buffer.alloc(65_536)
  try {
    return chunk.toString('utf8', 0, readSync(fd, chunk))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return ''
    throw error
  }
}

t.test('lines are written at once, in order', async (t) => {
  const file = join(folder, 'lines')
  const { sink, losses } = sinkTo(openSync(file, 'w'))
  for (const line of ['one\n', 'zwei\n', 'três\n']) sink.write(line)
  t.equal(await readFile(file, 'utf8'), 'one\nzwei\ntrês\n')
  t.same([sink.dropped, losses], [0, []])
})

t.test('what a full disk does not take is dropped and counted', async (t) => {
  const { sink, losses } = sinkTo(openSync('/dev/full', 'w'))
  for (let i = 0; i < 3; i++) sink.write('lost\n')
  t.same([sink.dropped, losses], [3, []])
  sink.flushSync()
})

t.test('so is what nobody can read any more', async (t) => {
  const path = join(folder, 'left')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const { sink } = sinkTo(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
  closeSync(reader)
  sink.write('lost\n')
  t.equal(sink.dropped, 1)
})

t.test('a reader that stalls finds every line later, whole and in order', async (t) => {
  const fd = openPipe('stalls')
  const { sink, losses } = sinkTo(fd)
  const lines = Array.from({ length: 3000 }, (_, i) => `line ${i} ${'.'.repeat(50)}\n`)
  for (const line of lines) sink.write(line)
  let text = ''
  while (text.length < lines.join('').length) {
    text += readAll(fd)
    sink.flushSync()
  }
  t.equal(text, lines.join(''))
  t.same([sink.dropped, losses], [0, []])
})

t.test('one that stalls for too long loses lines, and is told how many', async (t) => {
  const fd = openPipe('too long')
  const { sink, losses } = sinkTo(fd, 100_000)
  const line = `${'x'.repeat(1023)}\n`
  const count = 200
  for (let i = 0; i < count; i++) sink.write(line)
  const { dropped } = sink
  t.ok(dropped > 0 && dropped < count / 4, `${dropped} lines`)
  let text = ''
  for (let chunk = readAll(fd); chunk !== ''; chunk = readAll(fd)) {
    text += chunk
    sink.flushSync()
  }
  t.equal(text, line.repeat(count - dropped))
  t.same(losses, [{ lines: dropped, reason: 'its reader is too slow' }])
})

t.test('the end of the process does not wait for a reader that stalls', async (t) => {
  const { sink } = sinkTo(openPipe('at the end'))
  for (let i = 0; i < 200; i++) sink.write(`${'x'.repeat(1023)}\n`)
  sink.flushSync()
  t.equal(sink.dropped, 0, 'what is written later is not lost yet')
})
