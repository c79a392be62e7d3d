import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { Doctor } from '../../src/cli/doctor/facts.js'
import { cacheOf } from '../../src/cli/doctor/libraries.js'
import { cgroupBytes, featuresOf } from '../../src/cli/doctor/machine.js'
import type { Manifest } from '../../src/model/manifest.js'
import { Engine } from '../../src/engine/engine.js'
import { readConfig } from '../../src/config.js'
import { loadModel } from '../../src/model/model.js'
import { pino } from 'pino'
import { fewstep } from '../support/cli.js'
import { fixture } from '../support/engine.js'

const MODEL = fixture('tiny-text')
const HERE = { PORT: '0', FEWSTEP_CACHE_DIR: 'none' }

async function examine (env: NodeJS.ProcessEnv): Promise<{ readonly code: number | null, readonly facts: Doctor }> {
  const { code, stdout } = await fewstep(['doctor', '--json'], { ...HERE, ...env })
  return { code, facts: JSON.parse(stdout) as Doctor }
}

t.test('where all is well it says what is here, and that the service would start', async (t) => {
  const { code, facts } = await examine({ FEWSTEP_API_KEYS: 'alice:a-very-secret-key-indeed', FEWSTEP_MAX_QUEUE: '7' })
  t.equal(code, 0)
  t.same(facts.problems, [])
  t.match(facts, {
    node: { version: process.versions.node, supported: true },
    onnxruntime: { version: /^\d+\.\d+\.\d+$/, files: [/onnxruntime/] },
    models: [{ folder: MODEL, name: 'tiny-text', problem: null, precisions: ['float32'], measured: null }],
    address: { host: '127.0.0.1', port: 0, free: true },
    settings: { FEWSTEP_MAX_QUEUE: '7', FEWSTEP_API_KEYS: '(set, not shown)', FEWSTEP_EXECUTION_PROVIDER: 'cpu' }
  })
  const { files } = JSON.parse(await readFile(`${MODEL}/manifest.json`, 'utf8')) as Manifest
  t.same(Object.fromEntries(facts.models[0]?.files.map(({ name, bytes, sha256 }) => [name, { bytes, sha256 }]) ?? []), files)
  const { code: again, stdout } = await fewstep(['doctor'], { ...HERE, FEWSTEP_API_KEYS: 'alice:a-very-secret-key-indeed' })
  t.equal(again, 0)
  t.match(stdout, /The service would start\.\n$/)
  t.notMatch(stdout, /very-secret/)
})

t.test('what keeps the service from starting is named, with exit code 1', async (t) => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const taken = await examine({ PORT: String(port) })
  t.match(taken, { code: 1, facts: { address: { free: false }, problems: [`PORT ${port} is taken on 127.0.0.1: another process listens there, perhaps the service itself`] } })
  t.match(await examine({ FEWSTEP_MODEL: '/nowhere' }), { code: 1, facts: { problems: [/^\/nowhere\/manifest\.json: there is no such file/] } })
  t.match(await examine({ FEWSTEP_MODEL: `/nowhere,${MODEL}` }), { code: 0, facts: { models: [{ problem: /nowhere/ }, { problem: null }] } })
  t.match(await examine({ FEWSTEP_WORKERS: 'two' }), { code: 1, facts: { problems: [/^FEWSTEP_WORKERS must be/] } })
  const { code, stdout } = await fewstep(['doctor'], { ...HERE, FEWSTEP_EXECUTION_PROVIDER: 'cuda', FEWSTEP_PRECISION: 'int8' })
  t.equal(code, 1)
  t.match(stdout, /The service would not start:\n {2}- int8 is for the CPU/)
})

t.test('it finds what an earlier start measured under the same settings', async (t) => {
  const cacheDirectory = t.testdir()
  const config = { ...readConfig({}), cacheDirectory, maxBatch: 2, warmUpMs: 2000, executionProvider: 'cpu' as const, threads: 1 }
  const engine = await Engine.start({ ...config, model: await loadModel(MODEL), logger: pino({ level: 'silent' }) })
  await engine.close()
  const measured = { FEWSTEP_CACHE_DIR: cacheDirectory, FEWSTEP_MAX_BATCH: '2' }
  const { facts } = await examine(measured)
  t.match(facts.models[0]?.measured, { at: /^\d{4}-/, threads: 1, costs: [{ rows: 1, ms: Number }] })
  t.equal((await examine({ ...measured, FEWSTEP_MAX_BATCH: '3' })).facts.models[0]?.measured, null)
})

t.test('features of a processor, the limit of a cgroup and the cache of the linker are read as they are written', async (t) => {
  t.same(featuresOf('flags\t\t: fpu avx2 avx512f avx512_vnni\nbugs:\n'), { avx2: true, avx512: true, vnni: true, bf16: false, amx: false })
  t.same(featuresOf('flags : avx2 avx_vnni amx_tile avx512_bf16'), { avx2: true, avx512: false, vnni: true, bf16: true, amx: true })
  t.equal(featuresOf('Features : asimd'), null)
  t.equal(featuresOf(undefined), null)
  const files = (all: Record<string, string>) => (file: string): string | undefined => all[file]
  t.equal(cgroupBytes(files({ '/sys/fs/cgroup/memory.max': '1000\n' }), 4000), 1000)
  t.equal(cgroupBytes(files({ '/sys/fs/cgroup/memory.max': 'max\n' }), 4000), null)
  t.equal(cgroupBytes(files({ '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }), 4000), null)
  const cache = cacheOf('2 libs found\n\tlibcuda.so.1 (libc6,x86-64) => /usr/lib/libcuda.so.1\n\tlibcuda.so.1 (libc6) => /usr/lib32/libcuda.so.1\n')
  t.same([...cache], [['libcuda.so.1', '/usr/lib/libcuda.so.1']])
})
