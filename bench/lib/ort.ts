/** ONNX Runtime sessions in this process, with the options of the service's own. */
import { InferenceSession, Tensor } from 'onnxruntime-node'

export type Tensors = Record<string, Tensor>

/** @param threads of the session's pool, this one among them */
export function openSession (file: string, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(file, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3
  })
}

/** Open sessions, use them, and release them whatever happens. */
export async function withSessions<Name extends string, T> (
  files: Readonly<Record<Name, string>>, threads: number, use: (sessions: Readonly<Record<Name, InferenceSession>>) => Promise<T>
): Promise<T> {
  const sessions: Partial<Record<Name, InferenceSession>> = {}
  try {
    for (const name in files) sessions[name] = await openSession(files[name], threads)
    return await use(sessions as Record<Name, InferenceSession>)
  } finally {
    for (const name in sessions) await sessions[name]?.release()
  }
}

export function int64 (values: ArrayLike<number>, dims: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from({ length: values.length }, (_, i) => BigInt(values[i] ?? 0)), dims)
}

export function float32 (values: Float32Array, dims: readonly number[]): Tensor {
  return new Tensor('float32', values, dims)
}

/** @throws Error where a run gave no such output */
export function output (outputs: Partial<Tensors>, name: string): Tensor {
  const tensor = outputs[name]
  if (tensor === undefined) throw new Error(`the graph has no output ${name}`)
  return tensor
}
