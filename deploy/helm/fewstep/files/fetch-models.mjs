/**
 * Fetches models before the service starts: node fetch-models.mjs MODELS.json FOLDER
 *
 * MODELS.json lists {folder, url, sha256}. An archive is written beside its folder, compared with its hash, and only then unpacked,
 * so that nothing that nobody vouched for is ever read as a model. What is there already, from a start before, is not fetched again.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const [listFile, target] = process.argv.slice(2)

for (const model of JSON.parse(await readFile(listFile, 'utf8'))) {
  await fetchModel(model).catch((error) => {
    console.error(`${model.folder}: ${error.message}`)
    process.exit(1)
  })
}

/** @throws Error in one sentence */
async function fetchModel ({ folder, url, sha256 }) {
  const done = join(target, folder)
  const mark = join(target, `.${folder}.${sha256}`)
  if (await access(mark).then(() => true, () => false)) return
  const archive = join(target, `.${folder}.archive`)
  const unpacked = join(target, `.${folder}.unpacked`)
  const found = await download(url, archive)
  if (found !== sha256) {
    await rm(archive)
    throw new Error(`the sha256 of ${url} is ${found}, not ${sha256}`)
  }
  await rm(unpacked, { recursive: true, force: true })
  await mkdir(unpacked)
  unpack(archive, unpacked)
  await rm(archive)
  await rm(done, { recursive: true, force: true })
  await rename(unpacked, done)
  await writeFile(mark, '')
  console.log(`${folder}: fetched`)
}

/** @returns its sha256 */
async function download (url, file) {
  const response = await fetch(url).catch((error) => { throw new Error(`${url} cannot be reached: ${error.cause?.message ?? error.message}`) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform (chunk, _, next) {
      hash.update(chunk)
      next(null, chunk)
    }
  })
  await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(file))
  return hash.digest('hex')
}

/** GNU tar takes no name out of the folder: it strips a leading slash, refuses `..`. The manifest lies at the top, or one folder below. */
function unpack (archive, folder) {
  const list = spawnSync('tar', ['--list', '--file', archive], { encoding: 'utf8', maxBuffer: 2 ** 24 })
  if (list.status !== 0) throw new Error(`it is no archive that tar can read: ${list.stderr.split('\n', 1)[0]}`)
  const names = list.stdout.split('\n').map((name) => name.replace(/^\.\//, ''))
  const strip = names.includes('manifest.json') ? 0 : 1
  const { status, stderr } = spawnSync('tar', [
    '--extract', '--file', archive, '--directory', folder, `--strip-components=${strip}`, '--no-same-owner', '--no-same-permissions'
  ], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tar could not unpack it: ${stderr.split('\n', 1)[0]}`)
}
