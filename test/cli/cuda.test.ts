/** `fewstep cuda install` against a package index of its own: whole or not at all, gone on with, and only what was meant. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { downloadsIn } from '../../src/cli/cuda/cuda.js'
import { neededBy } from '../../src/cli/cuda/elf.js'
import { install, missingLibraries, type InstallOptions } from '../../src/cli/cuda/install.js'
import { CUDA_VERSION, RUNTIME_VERSION, WHEELS, type Wheel } from '../../src/cli/cuda/wheels.js'
import { onnxRuntimeFacts } from '../../src/cli/doctor/libraries.js'
import { readClientSettings } from '../../src/config.js'
import { cudaAdvice, loadProblem } from '../../src/engine/cuda-libraries.js'
import { fewstep } from '../support/cli.js'
import { zipOf } from '../support/zip.js'

const LIBRARY = randomBytes(200_000)
const PACKAGE = zipOf({ 'thing/lib/libthing.so.13': LIBRARY, 'thing/lib/libother.so.2': 'other', 'thing/METADATA': 'not wanted' })
const WHEEL: Wheel = {
  project: 'thing',
  version: '1.0',
  file: 'thing-1.0-py3-none-any.whl',
  bytes: PACKAGE.length,
  sha256: createHash('sha256').update(PACKAGE).digest('hex'),
  libraries: ['libother.so.2', 'libthing.so.13']
}

/** An index of that one package, whose file breaks off once at a byte, where that is said. */
async function indexOf (
  t: Test, { cutAt, content = PACKAGE, hash = WHEEL.sha256 }: { cutAt?: number, content?: Buffer, hash?: string } = {}
) {
  const asked: Array<string | undefined> = []
  let cut = cutAt
  const server = createServer((request: IncomingMessage, response) => {
    if (request.url === '/simple/thing/') {
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
      response.end(JSON.stringify({ files: [{ filename: WHEEL.file, url: '../../files/thing', hashes: { sha256: hash } }] }))
    } else if (request.url === '/files/thing') {
      asked.push(request.headers.range)
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': content.length - from })
      if (cut === undefined) response.end(content.subarray(from))
      else response.write(content.subarray(from, cut), () => { response.socket?.end() })
      cut = undefined
    } else response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => { server.close() })
  return { asked, index: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple` }
}

function optionsIn (t: Test, changes: Partial<InstallOptions>): InstallOptions & { readonly lines: string[] } {
  const folder = t.testdir({ libraries: {}, downloads: {} })
  const lines: string[] = []
  return {
    wheels: [WHEEL],
    folder: join(folder, 'libraries'),
    downloads: join(folder, 'downloads'),
    index: 'http://127.0.0.1:1/simple',
    from: undefined,
    say: (line) => { lines.push(line) },
    signal: new AbortController().signal,
    lines,
    ...changes
  }
}

t.test('libraries are taken out of the package, which is not kept, and are not fetched again', async (t) => {
  const { asked, index } = await indexOf(t)
  const options = optionsIn(t, { index })
  t.same((await missingLibraries(options.wheels, options.folder)).map(({ library }) => library), WHEEL.libraries)
  await install(options)
  t.same(await readdir(options.folder), WHEEL.libraries)
  t.ok((await readFile(join(options.folder, 'libthing.so.13'))).equals(LIBRARY))
  t.same(await readdir(options.downloads), [])
  t.match(options.lines[0], /^1 package, 0 MB, for /)
  t.match(options.lines.at(-1), /^1\/1 thing 1\.0: libother\.so\.2, libthing\.so\.13$/)
  await install(options)
  t.equal(asked.length, 1)
})

t.test('a download that breaks off is gone on with', async (t) => {
  const { asked, index } = await indexOf(t, { cutAt: 70_000 })
  const options = optionsIn(t, { index })
  await t.rejects(install(options))
  t.same(await readdir(options.folder), [], 'nothing half done')
  await install(options)
  t.match(asked, [undefined, /^bytes=[1-9]\d*-$/])
  t.ok((await readFile(join(options.folder, 'libthing.so.13'))).equals(LIBRARY))
})

t.test('another file than the one that was meant is refused and not kept', async (t) => {
  const other = await indexOf(t, { content: Buffer.alloc(PACKAGE.length) })
  const options = optionsIn(t, { index: other.index })
  await t.rejects(install(options), { message: /its sha256 is \w+, not/ })
  t.same([await readdir(options.folder), await readdir(options.downloads)], [[], []])
  const said = await indexOf(t, { hash: 'f'.repeat(64) })
  await t.rejects(install({ ...options, index: said.index }), { message: /thing\/ has thing-1\.0-py3-none-any\.whl with the sha256 f+, not/ })
  t.same(said.asked, [], 'it is not even fetched')
})

t.test('without an index the command is told that lets pip fetch the packages', async (t) => {
  await t.rejects(install(optionsIn(t, { index: undefined })), { message: /PIP_INDEX_URL.* pip download .*thing==1\.0 && fewstep cuda install --from wheels$/ })
})

t.test('an index that is not there, or has no such package, is named with what to do', async (t) => {
  const { index } = await indexOf(t)
  await t.rejects(install(optionsIn(t, {})), { message: /^http:\/\/127\.0\.0\.1:1\/simple\/thing\/ cannot be asked: PIP_INDEX_URL names another package index/ })
  await t.rejects(install(optionsIn(t, { index: `${index}/nowhere` })), { message: /nowhere\/thing\/ answers 404/ })
  await t.rejects(install(optionsIn(t, { index, wheels: [{ ...WHEEL, file: 'thing-2.0.whl' }] })), { message: /has no thing-2\.0\.whl$/ })
})

t.test('packages that are here already are taken from their folder', async (t) => {
  const options = optionsIn(t, {})
  const { folder, downloads: from } = options
  await t.rejects(install({ ...options, from }), { message: /there is no such file; pip download .*thing==1\.0 fetches it$/ })
  await writeFile(join(from, WHEEL.file), PACKAGE)
  await install({ ...options, from })
  t.same(await readdir(folder), WHEEL.libraries)
  t.same(await readdir(from), [WHEEL.file], 'it is kept')
  await writeFile(join(from, WHEEL.file), PACKAGE.subarray(1))
  await writeFile(join(folder, 'libother.so.2'), '')
  await t.rejects(install({ ...options, from }), { message: /its sha256 is/ })
})

t.test('the packages are for the onnxruntime-node that is installed, and --check names what is missing of them', async (t) => {
  t.equal(onnxRuntimeFacts().version, RUNTIME_VERSION)
  t.ok(WHEELS.every(({ bytes, sha256, libraries }) => bytes > 0 && /^[0-9a-f]{64}$/.test(sha256) && libraries.length > 0))
  const { code, stdout } = await fewstep(['cuda', 'install', '--check'], {})
  if (code === 1) t.match(stdout, /^missing: lib\S+, of \S+ \S+ \(\d+ MB\)$/m)
  else t.match(stdout, new RegExp(`^all of CUDA ${CUDA_VERSION} that ONNX Runtime`))
  t.match(await fewstep(['cuda', 'remove'], {}), { code: 2, stderr: /fewstep cuda install/ })
})

t.test('packages are fetched into the folder of FEWSTEP_CACHE_DIR', async (t) => {
  t.equal(downloadsIn('/var/cache/fewstep'), '/var/cache/fewstep/cuda')
  t.equal(readClientSettings({ FEWSTEP_CACHE_DIR: ' /var/cache/x ' }).cacheDirectory, '/var/cache/x')
  t.equal(readClientSettings({}).cacheDirectory, join(homedir(), '.cache', 'fewstep'))
  t.equal(readClientSettings({ FEWSTEP_CACHE_DIR: 'none' }).cacheDirectory, undefined)
  t.equal(downloadsIn(undefined), join(tmpdir(), 'fewstep-cuda'))
  const cache = t.testdir({})
  const { code } = await fewstep(['cuda', 'install'], { FEWSTEP_CACHE_DIR: cache, PIP_INDEX_URL: 'http://127.0.0.1:1/simple' })
  // Where CUDA is installed already there is nothing to fetch.
  t.same(await readdir(cache), code === 0 ? [] : ['cuda'])
})

t.test('what a library is linked with is read from itself', async (t) => {
  const { folder } = onnxRuntimeFacts()
  t.ok((await neededBy(join(folder ?? '', 'libonnxruntime.so.1'))).includes('libc.so.6'))
  t.same(await neededBy(join(folder ?? '', 'nowhere.so')), [])
  t.same(await neededBy(import.meta.filename), [])
})

t.test('ONNX Runtime says what is missing in its own words; the advice names the file, what it is of, and what fetches it', async (t) => {
  const failed = (library: string): string =>
    cudaAdvice(`Failed to load library libonnxruntime_providers_cuda.so with error: ${library}: cannot open shared object file: No such file or directory`)
  t.match(failed('libcublasLt.so.13'), /^libcublasLt\.so\.13 \(cuBLAS of CUDA 13\) is missing: fewstep cuda install/)
  t.match(failed('libcublas.so.12'), /^libcublas\.so\.12 \(cuBLAS of CUDA 12\) is missing/)
  t.match(failed('libcufft.so.11'), /cuFFT of CUDA 12/)
  t.match(failed('libcurand.so.10'), /cuRAND of CUDA 12 or 13/)
  t.match(failed('libcudnn.so.9'), /cuDNN 9\) is missing/)
  t.match(failed('libcuda.so.1'), /^the NVIDIA driver is missing: libcuda\.so\.1 .*525 .*580/)
  t.match(failed('libonnxruntime_providers_shared.so'), /^onnxruntime-node's CUDA provider is missing \(libonnxruntime_providers_shared\.so\)/)
  t.match(cudaAdvice(loadProblem(t.testdir({})) ?? ''), /provider is missing \(libonnxruntime_providers_shared\.so\)/)
  t.match(cudaAdvice('CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version'), /older than its CUDA libraries/)
  t.match(cudaAdvice('CUDA failure 100: no CUDA-capable device is detected ; expr=cudaSetDevice(0)'), /CUDA sees no such GPU/)
})
