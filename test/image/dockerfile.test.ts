import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const manifest = JSON.parse(read('package.json')) as { version: string, files: string[] }
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ')

/** What is copied into the stage from the checkout or from another stage, without the target. */
function copiedInto (stage: string): string[] {
  const [, body = ''] = dockerfile.split(new RegExp(`^FROM .* AS ${stage}$`, 'm'))
  const instructions = (body.split(/^FROM /m)[0] ?? '').split('\n').filter((line) => line.startsWith('COPY '))
  return instructions.flatMap((line) => line.split(' ').slice(1, -1)).filter((word) => !word.startsWith('--')).map((path) => path.replace(/^\/app\//, ''))
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

t.test("the image's label has the version of the package", (t) => {
  t.match(dockerfile, `org.opencontainers.image.version="${manifest.version}"`)
  t.end()
})
