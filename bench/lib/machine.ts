/** What a measurement ran on. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, platform, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  /** Those this process may use. */
  readonly cores: number
  readonly memoryGib: number
  readonly platform: string
  readonly node: string
  readonly onnxruntime: string
}

export function machineFacts (): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()}-${process.arch}`,
    node: process.version,
    onnxruntime: packageVersion('onnxruntime-node')
  }
}

function packageVersion (name: string): string {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
