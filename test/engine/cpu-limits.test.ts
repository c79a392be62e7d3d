import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { cpuQuota, usableCores } from '../../src/engine/cpu-limits.js'

type Files = Readonly<Record<string, string>>

/** A root folder with these files of /proc and /sys. */
async function rootWith (t: Test, files: Files): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'fewstep-'))
  t.teardown(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

const CASES: ReadonlyArray<readonly [string, Files, number]> = [
  ['a container under version 2', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '400000 100000\n' }, 4],
  ['no limit', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' }, Infinity],
  ['a service, limited above', {
    'proc/self/cgroup': '0::/apps/fewstep.service\n',
    'sys/fs/cgroup/apps/cpu.max': '150000 100000\n',
    'sys/fs/cgroup/apps/fewstep.service/cpu.max': '300000 100000\n'
  }, 1.5],
  ['a container under version 1', {
    'proc/self/cgroup': '5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n0::/\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '250000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '50000\n'
  }, 5],
  ['version 1 without a limit', {
    'proc/self/cgroup': '4:cpu,cpuacct:/docker/a\n',
    'sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us': '100000\n'
  }, Infinity],
  ['version 1, on the host', {
    'proc/self/cgroup': '4:cpu,cpuacct:/docker/a\n',
    'sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us': '200000\n',
    'sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us': '100000\n'
  }, 2],
  ['no cgroups', {}, Infinity],
  ['nonsense', { 'proc/self/cgroup': 'x\n', 'sys/fs/cgroup/cpu.max': 'many few\n' }, Infinity]
]

for (const [name, files, expected] of CASES) {
  t.test(`quota of ${name}: ${expected} cores`, async (t) => { t.equal(cpuQuota(await rootWith(t, files)), expected) })
}

t.test('whole cores, at least one, and no more than there are', async (t) => {
  const root = async (quota: number): Promise<string> => await rootWith(t, { 'sys/fs/cgroup/cpu.max': `${quota * 100_000} 100000` })
  t.equal(usableCores(await root(1.9), 8), 1)
  t.equal(usableCores(await root(0.2), 8), 1)
  t.equal(usableCores(await root(3), 8), 3)
  t.equal(usableCores(await root(16), 8), 8)
  t.equal(usableCores(await rootWith(t, {})), availableParallelism())
})

t.test('a process that may run on one core uses one', { skip: process.platform !== 'linux' && 'taskset is of Linux' }, async (t) => {
  const file = new URL('../../src/engine/cpu-limits.ts', import.meta.url)
  const script = `import { usableCores } from ${JSON.stringify(file.href)}; console.log(usableCores())`
  const own = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  const core = /(\d+)[^:]*$/.exec(own.trim())?.[1] ?? '0'
  const printed = execFileSync('taskset', ['-c', core, process.execPath, '--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(printed.trim(), '1')
})
