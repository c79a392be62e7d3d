/** Real sessions of the embedded model's graph, and of its optimised copy. */
import { mkdir, mkdtemp, open, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { chooseGraphs, graphFiles } from '../../src/engine/graph-choice.js'
import { Session } from '../../src/engine/session.js'
import { LANES } from '../../src/engine/lane.js'
import type { CopySettings } from '../../src/engine/worker-protocol.js'
import { readManifest } from '../../src/model/manifest.js'

const MODEL = fileURLToPath(new URL('../../models/fewstep-stories', import.meta.url))

async function directoryFor (t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

async function start (t: Test, copies: CopySettings | undefined, precision: 'float32' | 'int8' = 'float32'): Promise<Session> {
  const manifest = await readManifest(MODEL)
  const { cpu: [cpu] } = chooseGraphs(manifest, { precision, executionProvider: 'cpu' })
  const files = graphFiles(MODEL, manifest, cpu)
  const session = await Session.start({ graphFiles: { cpu: files, cuda: files }, executionProvider: 'cpu', deviceId: 0, threads: 1, copies })
  t.teardown(async () => {
    session.kill()
    await session.exited
  })
  return session
}

/** All that a step of each lane says, two rows of different lengths. */
async function results (session: Session): Promise<Array<{ tokens: number[], confidence: number[], logprob: number[] }>> {
  const said = []
  for (const lane of LANES) {
    const { arrays: { tokens, confidence, logprob } } = await session.run({ rows: 2, paddedLength: 32, lane }, (batch) => {
      batch.seed.set([3, 4])
      batch.step.fill(1)
      batch.block.fill(0)
      batch.revealAbove.fill(2)
      batch.length.set([32, 20])
      batch.topK.fill(lane === 'filter' ? 40 : 0)
      batch.topP.fill(lane === 'filter' ? 0.9 : 1)
      batch.solver.fill(0)
      batch.t.fill(0.5)
      batch.spreadFrom.fill(Infinity)
      batch.h.fill(0.25)
      batch.temperature.fill(0.8)
      batch.tokens.forEach((_, i) => { batch.tokens[i] = 7 * i })
      batch.editable.fill(1)
      if (lane === 'score') batch.targets.fill(11)
    }, 60_000)
    said.push({ tokens: [...tokens], confidence: [...confidence], logprob: lane === 'score' ? [...logprob] : [] })
  }
  return said
}

t.test('a session of the copy gives what one of the graph itself gives, bit for bit', async (t) => {
  for (const precision of ['float32', 'int8'] as const) {
    const copies = { directory: await directoryFor(t), fromBytes: 1 }
    const plain = await start(t, undefined, precision)
    const expected = await results(plain)
    t.equal(plain.copy, undefined)

    const first = await start(t, copies, precision)
    t.match(first, { copy: { isNew: true }, copyProblem: undefined })
    const second = await start(t, copies, precision)
    t.same(second.copy, { folder: first.copy?.folder, isNew: false })
    t.same(await readdir(copies.directory), [basename(second.copy?.folder ?? '')])
    t.same(await results(first), expected, `${precision}, which made it`)
    t.same(await results(second), expected, precision)
  }
})

t.test('a copy that is damaged is made anew', async (t) => {
  const copies = { directory: await directoryFor(t), fromBytes: 1 }
  const folder = (await start(t, copies)).copy?.folder ?? ''
  const damages = {
    'another byte among the weights': async () => {
      const file = await open(join(folder, 'graph.onnx.data'), 'r+')
      await file.write(Buffer.from([1, 2, 3, 4]), 0, 4, 2 ** 21)
      await file.close()
    },
    'a graph cut short': () => truncate(join(folder, 'graph.onnx'), 1000),
    'no weights': () => rm(join(folder, 'graph.onnx.data')),
    'no hashes': () => writeFile(join(folder, 'sha256.json'), '{}')
  }
  for (const [how, damage] of Object.entries(damages)) {
    await damage()
    t.same((await start(t, copies)).copy, { folder, isNew: true }, how)
  }
  t.same((await start(t, copies)).copy, { folder, isNew: false })
})

t.test('several that start at once leave one copy', async (t) => {
  const copies = { directory: join(await directoryFor(t), 'new'), fromBytes: 1 }
  const sessions = await Promise.all([1, 2, 3].map(() => start(t, copies)))
  for (const { copyProblem } of sessions) t.equal(copyProblem, undefined)
  t.equal((await readdir(copies.directory)).length, 1)
  t.equal((await start(t, copies)).copy?.isNew, false)
})

t.test('small graphs have none, and where none can be kept the graph itself is loaded', async (t) => {
  const directory = await directoryFor(t)
  t.match(await start(t, { directory, fromBytes: 64e6 }), { copy: undefined, copyProblem: undefined })
  t.same(await readdir(directory), [])
  const session = await start(t, { directory: '/dev/null/nowhere', fromBytes: 1 })
  t.match(session, { copy: undefined, copyProblem: /^ENOTDIR/ })
  t.equal((await results(session)).length, LANES.length)
})

t.test('what nobody will load goes when another copy is made', async (t) => {
  const directory = await directoryFor(t)
  const days = async (name: string, age: number): Promise<void> => {
    await mkdir(join(directory, name))
    const then = new Date(Date.now() - age * 86_400_000)
    await utimes(join(directory, name), then, then)
  }
  await days('graph-forgotten', 31)
  await days('graph-in-use', 29)
  await days('graph-abandoned.a1b2c3', 0.1)
  await days('graph-being-made.a1b2c3', 0)
  await days('another', 365)
  const { copy } = await start(t, { directory, fromBytes: 1 })
  t.same(await readdir(directory), ['another', basename(copy?.folder ?? ''), 'graph-being-made.a1b2c3', 'graph-in-use'].sort())
})
