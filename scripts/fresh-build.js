/** Whether dist/ is what the sources would be compiled to. */
import { readdirSync, statSync } from 'node:fs'

const ROOT = new URL('..', import.meta.url)
/** What dist/ is made of, and by. */
export const SOURCES = [
  'src', 'web', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.js',
  'docs', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', '.env.example', 'deploy/README.md', 'train/EXPERIMENTS.md', 'models/fewstep-stories'
]
/** Made last. */
const LAST = 'dist/docs'

/** By the times of change: a copy that keeps older times of newer files is not noticed. */
export function isBuildFresh () {
  const built = statSync(new URL(LAST, ROOT), { throwIfNoEntry: false })
  return built !== undefined && SOURCES.every((source) => newest(new URL(source, ROOT)) < built.mtimeMs)
}

/** ms since 1970, of a file or of what is in a folder and of the folders themselves, as they change when a file goes. */
function newest (url) {
  const itself = statSync(url)
  if (!itself.isDirectory()) return itself.mtimeMs
  const folder = new URL(`${url.href}/`)
  return Math.max(itself.mtimeMs, ...readdirSync(folder).map((name) => newest(new URL(encodeURIComponent(name), folder))))
}
