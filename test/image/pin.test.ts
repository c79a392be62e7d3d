import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PIN = join(ROOT, 'scripts/image/pin.sh')
const DIGESTS = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`)

t.test('the base image is pinned by a digest, and another one takes its place', (t) => {
  const dockerfile = join(t.testdir(), 'Dockerfile')
  copyFileSync(join(ROOT, 'Dockerfile'), dockerfile)
  const before = readFileSync(dockerfile, 'utf8')
  for (const digest of DIGESTS) {
    execFileSync(PIN, [digest], { env: { ...process.env, DOCKERFILE: dockerfile } })
    t.equal(readFileSync(dockerfile, 'utf8'), before.replace(/^(ARG NODE_IMAGE=[^@\n]+).*$/m, `$1@${digest}`))
  }
  t.end()
})

t.test('what is no digest is refused, and the file stays as it is', (t) => {
  const dockerfile = join(t.testdir(), 'Dockerfile')
  copyFileSync(join(ROOT, 'Dockerfile'), dockerfile)
  const { status, stderr } = spawnSync(PIN, ['latest'], { env: { ...process.env, DOCKERFILE: dockerfile }, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^no digest of docker\.io\/library\/node:\S+: latest\n$/)
  t.equal(readFileSync(dockerfile, 'utf8'), readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  t.end()
})
