/** Compiles src/ to dist/, and web/ to dist/page/, from scratch. In one file: .npmrc's ignore-scripts skips pre and post scripts. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const root = new URL('..', import.meta.url)
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
rmSync(new URL('dist', root), { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
chmodSync(new URL('dist/cli/main.js', root), 0o755)

const { bundlePage } = await import('../dist/http/playground/bundle.js')
const page = new URL('dist/page/', root)
mkdirSync(page)
for (const [name, contents] of await bundlePage()) writeFileSync(new URL(name, page), contents)
