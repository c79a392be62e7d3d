/** Session workers whose parent is gone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { workersOf } from '../support/processes.js'
import { until } from '../support/until.js'

const PARENT = fileURLToPath(new URL('../support/session-parent.ts', import.meta.url))

/** The fields of /proc/PID/stat behind the command's name, or none where there is no such process. */
async function statOf (pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** In ticks, which are hundredths of a second. */
async function processorTime (pid: number): Promise<number> {
  const [,,,,,,,,,,, user = '0'] = await statOf(pid)
  return Number(user)
}

/** One whose parent has not asked for its end yet, as where there is no init, is gone too. */
async function isGone (pid: number): Promise<boolean> {
  const [state = ''] = await statOf(pid)
  return state === '' || state === 'Z'
}

for (const stuckIn of ['load', 'run']) {
  t.test(`a worker that is stuck in native code (${stuckIn}) ends with its parent, also where that one is killed`, async (t) => {
    const parent = spawn(process.execPath, ['--import=tsx', PARENT, stuckIn], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => parent.kill('SIGKILL'))
    await once(parent.stdout, 'data')
    const [worker = 0] = await workersOf(parent.pid ?? 0)
    t.teardown(async () => { if (!await isGone(worker)) process.kill(worker, 'SIGKILL') })
    // Longer than anything but native code keeps it busy.
    await until(async () => await processorTime(worker) > 300)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await until(async () => await isGone(worker))
    t.pass('it is gone')
  })
}
