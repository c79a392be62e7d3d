/** Where a package index keeps a file: the simple API in JSON, as PEP 691 has it. */
import type { Wheel } from './wheels.js'

const TYPE = 'application/vnd.pypi.simple.v1+json'

interface Page {
  readonly files?: ReadonlyArray<{ readonly filename: string, readonly url: string, readonly hashes?: Readonly<Record<string, string>> }>
}

/** @throws Error where the index cannot be asked, has no such file, or has it with another hash */
export async function addressOf ({ project, file, sha256 }: Wheel, index: string, signal: AbortSignal): Promise<string> {
  const page = `${index.replace(/\/+$/, '')}/${project}/`
  const answer = await fetch(page, { headers: { accept: TYPE }, signal }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw new Error(`${page} cannot be asked: PIP_INDEX_URL names another package index; --from takes files that are here already`, { cause })
  })
  if (!answer.ok) throw new Error(`${page} answers ${answer.status}: PIP_INDEX_URL names another package index`)
  if (!(answer.headers.get('content-type') ?? '').includes('json')) throw new Error(`${page} does not speak ${TYPE}: fetch the files with pip download, and give their folder with --from`)
  const found = ((await answer.json()) as Page).files?.find(({ filename }) => filename === file)
  if (found === undefined) throw new Error(`${page} has no ${file}`)
  const hash = found.hashes?.['sha256']
  if (hash !== undefined && hash !== sha256) throw new Error(`${page} has ${file} with the sha256 ${hash}, not ${sha256}`)
  return new URL(found.url, answer.url).href
}
