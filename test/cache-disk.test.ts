/** What becomes of the service where the folder of its measurements cannot be written to. */
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { generate } from './support/client.js'
import { besideDisk, SMALL_DISK } from './support/namespace.js'
import { listening, startProcess } from './support/service-process.js'

for (const [how, reason] of [['full', /^ENOSPC/], ['read-only', /^EROFS/]] as const) {
  t.test(`a ${how} disk: the service says so, measures, serves, and leaves nothing there`, async (t) => {
    const child = startProcess({ FEWSTEP_CACHE_DIR: SMALL_DISK, FEWSTEP_WARM_UP_MS: '20' }, (command) => besideDisk(command, how))
    const url = await listening(child)
    t.equal((await generate(url, { steps: 1, max_tokens: 4 })).outputs.length, 1)
    t.same(await readdir(`/proc/${child.pid}/root${SMALL_DISK}`), ['filler'])
    child.kill('SIGTERM')
    t.same(await once(child, 'close'), [0, null])
    const lines = child.output.stdout.trim().split('\n').map((line) => JSON.parse(line) as { readonly level: number, readonly msg: string })
    t.match(lines.filter(({ level }) => level >= 40), [{ level: 40, msg: `FEWSTEP_CACHE_DIR ${SMALL_DISK} cannot be written`, reason }])
    t.match(lines.find(({ msg }) => msg === 'session workers are ready'), { measured: 'now' })
    t.equal(child.output.stderr, '')
  })
}
