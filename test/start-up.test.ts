/** What is there whenever a process starts loads nothing that takes its time: a package of many files costs more than Node itself. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import t from 'tap'

/** Packages that a module of src/ imports before it runs, itself or by others. */
async function packagesOf (entry: string): Promise<string[]> {
  const entryPoint = fileURLToPath(new URL(`../src/${entry}`, import.meta.url))
  const { metafile } = await build({
    entryPoints: [entryPoint], bundle: true, splitting: true, packages: 'external', platform: 'node', format: 'esm', outdir: 'out', write: false, metafile: true
  })
  const [first] = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint?.endsWith(entry) === true).map(([file]) => file)
  const files = new Set([first ?? ''])
  const packages = new Set<string>()
  for (const file of files) {
    for (const { path, kind, external } of metafile.outputs[file]?.imports ?? []) {
      if (kind !== 'import-statement') continue
      if (external !== true) files.add(path)
      else if (!path.startsWith('node:')) packages.add(path)
    }
  }
  return [...packages].sort()
}

t.test('a command loads no package before it is known which one it is', async (t) => {
  t.same(await packagesOf('cli/main.ts'), [])
})

t.test('a session worker, which is started anew after each that has died, loads ONNX Runtime alone', async (t) => {
  t.same(await packagesOf('engine/session-worker.ts'), ['onnxruntime-node'])
})

t.test('the service can say what is missing before it loads anything', async (t) => {
  t.same(await packagesOf('main.ts'), [])
})
