/** What browsers get: the sources in web/ become a script and a style sheet for each page, and the documents that name them. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The same place seen from src/ and from dist/. */
const ROOT = new URL('../../../', import.meta.url)

/** The playground, and what stands round a document of /docs. */
export const [PLAYGROUND, DOCUMENT] = ['index.html', 'document.html']
const DOCUMENTS = { [PLAYGROUND]: 'web/index.html', [DOCUMENT]: 'web/docs/document.html' }

/** By name. The documents' names are those above; the others' hold a hash of what is in them. */
export type PageFiles = ReadonlyMap<string, Uint8Array>

/**
 * Bundled anew. Needs esbuild, as `npm install` puts it there for development; a published package and an image hold its outcome.
 * @throws Error where a source is wrong
 */
export async function bundlePages (): Promise<PageFiles> {
  const { build } = await import('esbuild')
  const { outputFiles, metafile } = await build({
    absWorkingDir: fileURLToPath(ROOT),
    entryPoints: ['web/main.ts', 'web/style/main.css', 'web/docs/docs.ts', 'web/docs/docs.css'],
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
  for (const [name, source] of Object.entries(DOCUMENTS)) {
    files.set(name, Buffer.from(named(source, await readFile(new URL(source, ROOT), 'utf8'), names)))
  }
  return files
}

/** @throws Error where the document asks for what there is not */
function named (source: string, document: string, names: ReadonlyMap<string, string>): string {
  return document.replace(/\{\{(.+?)\}\}/g, (_, file: string) => {
    const name = names.get(file)
    if (name === undefined) throw new Error(`${source} names ${file}, which is not among ${[...names.keys()].join(', ')}`)
    return name
  })
}
