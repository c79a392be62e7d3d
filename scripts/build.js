/**
 * Compiles src/ to dist/, web/ to dist/page/ and the documents to dist/docs/, from scratch; with --if-stale only where that is not there
 * already. In one file: .npmrc's ignore-scripts skips pre and post scripts.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isBuildFresh } from './fresh-build.js'

if (process.argv.includes('--if-stale') && isBuildFresh()) process.exit()

const root = new URL('..', import.meta.url)
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
rmSync(new URL('dist', root), { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
chmodSync(new URL('dist/cli/main.js', root), 0o755)

const { bundlePages } = await import('../dist/http/pages/bundle.js')
const { buildSite } = await import('../dist/http/docs/site.js')
const page = await bundlePages()
write('dist/page/', page)
write('dist/docs/', await buildSite(page))

function write (folder, files) {
  mkdirSync(new URL(folder, root))
  for (const [name, contents] of files) writeFileSync(new URL(folder + name, root), contents)
}
