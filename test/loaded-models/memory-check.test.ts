/** Whether there is memory for another model. */
import t from 'tap'
import { freeMemory } from '../../src/engine/free-memory.js'
import { checkMemory } from '../../src/loaded-models/memory-check.js'
import { readManifest } from '../../src/model/manifest.js'
import { fixture } from '../support/engine.js'

const MIB = 2 ** 20

t.test('the least of what the machine and the container have free counts', async (t) => {
  const of = (files: Record<string, string>): number => freeMemory((file) => files[file])
  const meminfo = { '/proc/meminfo': 'MemTotal: 9000 kB\nMemFree:   100 kB\nMemAvailable:  5000 kB\n' }
  t.equal(of({}), Infinity)
  t.equal(of(meminfo), 5000 * 1024)
  const v2 = { '/sys/fs/cgroup/memory.max': '3000000\n', '/sys/fs/cgroup/memory.current': '2000000\n', '/sys/fs/cgroup/memory.stat': 'anon 5\ninactive_file 500000\n' }
  t.equal(of({ ...meminfo, ...v2 }), 1_500_000)
  t.equal(of({ ...meminfo, ...v2, '/sys/fs/cgroup/memory.max': 'max\n' }), 5000 * 1024)
  t.equal(of({ ...v2, '/sys/fs/cgroup/memory.current': '4000000\n' }), 0)
  const v1 = { limit_in_bytes: '7000000\n', usage_in_bytes: '6000000\n' }
  t.equal(of(Object.fromEntries(Object.entries(v1).map(([name, text]) => [`/sys/fs/cgroup/memory/memory.${name}`, text]))), 1_000_000)
  t.ok(freeMemory() > 0)
})

t.test('a worker needs a process, and its weights twice', async (t) => {
  const tiny = await readManifest(fixture('tiny-text'))
  const manifest = { ...tiny, files: { ...tiny.files, 'step.onnx': { sha256: '', bytes: 30 * MIB }, 'step.onnx.data': { sha256: '', bytes: 20 * MIB } } }
  const graphs = { precision: 'auto', executionProvider: 'cpu' } as const
  t.doesNotThrow(() => { checkMemory(manifest, graphs, 2, 400 * MIB) })
  t.throws(() => { checkMemory(manifest, graphs, 2, 399 * MIB) }, { code: 'not_enough_memory', message: /about 400 MiB .* 399 MiB are free/ })
  t.throws(() => { checkMemory(manifest, graphs, 3, 400 * MIB) }, { code: 'not_enough_memory' })
})
