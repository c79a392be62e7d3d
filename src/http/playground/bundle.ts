/** The page at /: its sources in web/ become one script, one style sheet and the document that names them. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The same place seen from src/ and from dist/. */
const ROOT = new URL('../../../', import.meta.url)
export const DOCUMENT = 'index.html'

/** By name. The document's names are those of the others; theirs hold a hash of what is in them. */
export type PageFiles = ReadonlyMap<string, Uint8Array>

/**
 * Bundled anew. Needs esbuild, as `npm install` puts it there for development; a published package and an image hold its outcome.
 * @throws Error where a source is wrong
 */
export async function bundlePage (): Promise<PageFiles> {
  const { build } = await import('esbuild')
  const { outputFiles, metafile } = await build({
    absWorkingDir: fileURLToPath(ROOT),
    entryPoints: ['web/main.ts', 'web/style/main.css'],
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    outdir: 'page',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    loader: { '.woff2': 'file' },
    legalComments: 'none',
    logLevel: 'silent'
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  const names = new Map(Object.entries(metafile.outputs).map(([path, { entryPoint, inputs }]) =>
    [basename(entryPoint ?? Object.keys(inputs)[0] ?? path).replace(/\.ts$/, '.js'), basename(path)]))
  return files.set(DOCUMENT, Buffer.from(named(await readFile(new URL('web/index.html', ROOT), 'utf8'), names)))
}

/** @throws Error where the document asks for what there is not */
function named (document: string, names: ReadonlyMap<string, string>): string {
  return document.replace(/\{\{(.+?)\}\}/g, (_, source: string) => {
    const name = names.get(source)
    if (name === undefined) throw new Error(`web/index.html names ${source}, which is not among ${[...names.keys()].join(', ')}`)
    return name
  })
}
