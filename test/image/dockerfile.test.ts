import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { RUNTIME_VERSION, WHEELS } from '../../src/cli/cuda/wheels.js'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string): string => readFileSync(fromRoot(path), 'utf8')
const manifest = JSON.parse(read('package.json')) as { version: string, files: string[] }
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ')

/** Arguments of the stage's COPY instructions. */
function copiesOf (stage: string): string[][] {
  const [, body = ''] = dockerfile.split(new RegExp(`^FROM .* AS ${stage}$`, 'm'))
  const instructions = (body.split(/^FROM /m)[0] ?? '').split('\n').filter((line) => line.startsWith('COPY '))
  return instructions.map((line) => line.split(/ +/).slice(1))
}

/** What is copied into the stage from the checkout or from another stage, without the target. */
function copiedInto (stage: string): string[] {
  return copiesOf(stage).flatMap((words) => words.slice(0, -1)).filter((word) => !word.startsWith('--')).map((path) => path.replace(/^\/app\//, ''))
}

for (const target of ['cpu', 'cuda']) {
  t.test(`the image for ${target} has all that the package has, but its changelog, and what that needs to run`, (t) => {
    const copied = copiedInto(target)
    const needed = [...manifest.files.filter((path) => path !== 'CHANGELOG.md'), 'package.json', 'node_modules', 'scripts/image/health.js']
    t.same(needed.filter((path) => !copied.includes(path)), [])
    t.end()
  })
}

t.test('what is copied from the checkout reaches the builder', (t) => {
  const sent = read('.dockerignore').split('\n')
  const copies = dockerfile.split('\n').filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  const paths = copies.flatMap((line) => line.split(' ').slice(1, -1))
  t.ok(paths.length > 0)
  t.same(paths.filter((path) => !sent.includes(`!${path}`)), [])
  t.end()
})

t.test('what is copied into the stage that compiles is enough to compile', (t) => {
  const folder = t.testdir()
  for (const words of copiesOf('build')) {
    const [target = '', ...paths] = words.toReversed()
    for (const path of paths) cpSync(fromRoot(path), target.endsWith('/') ? join(folder, target, basename(path)) : join(folder, target), { recursive: true })
  }
  symlinkSync(fromRoot('node_modules'), join(folder, 'node_modules'))
  execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  t.same(['dist/main.js', 'dist/page', 'dist/docs'].filter((path) => !existsSync(join(folder, path))), [])
  t.end()
})

t.test("the image for CUDA has what `fewstep cuda install` would fetch, for onnxruntime-node's version", (t) => {
  const listed = read('scripts/image/cuda-wheels.txt').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.same(listed, WHEELS.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}`))
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> }
  t.equal(lock.packages['node_modules/onnxruntime-node']?.version, RUNTIME_VERSION)
  t.end()
})

t.test("the image's label has the version of the package", (t) => {
  t.match(dockerfile, `org.opencontainers.image.version="${manifest.version}"`)
  t.end()
})
