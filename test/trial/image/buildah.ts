/** What buildah knows of an image, and its files. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly StopSignal?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly Healthcheck?: { readonly Test: readonly string[] }
}

export interface MountedImage {
  readonly config: ImageConfig
  readonly root: string
  readonly remove: () => Promise<void>
}

export async function buildah (...args: readonly string[]): Promise<string> {
  return (await run('buildah', args, { maxBuffer: 2 ** 26 })).stdout.trim()
}

/** @throws Error where there is no such image */
export async function mountImage (image: string): Promise<MountedImage> {
  const described = JSON.parse(await buildah('inspect', '--type', 'image', image)) as { Docker: { config: ImageConfig } }
  const container = await buildah('from', '--pull-never', image)
  return {
    config: described.Docker.config,
    root: await buildah('mount', container),
    remove: async () => { await buildah('rm', container) }
  }
}

/** Bytes of all files in a folder. */
export async function sizeOf (folder: string): Promise<number> {
  return Number((await run('du', ['--summarize', '--bytes', folder])).stdout.split('\t')[0])
}
