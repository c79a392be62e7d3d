/** The graphs that only benchmarks need, made by the training kit. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../.cache/bench', import.meta.url))

/** What the training kit writes beside each graph; multiply-adds count as two operations. */
export interface GraphFacts {
  readonly parameters: number
  /** Of the matrix products, for each position; attention not included. */
  readonly flops_per_token: number
  /** Of what is computed once a row. */
  readonly flops_per_row?: number
  /** For each pair of positions, one of which attends to the other. */
  readonly attention_flops_per_pair: number
}

/**
 * Path of a graph of `python -m fewstep_train bench-models`.
 * @param name such as 'matmul' or 'embedded/bare'
 * @throws Error saying which commands make it
 */
export function benchGraph (name: string): string {
  const file = `${FOLDER}/${name}.onnx`
  if (existsSync(file)) return file
  throw new Error(`.cache/bench/${name}.onnx is missing. The training kit makes it:
  python3 -m venv .venv && .venv/bin/pip install -e ./train
  .venv/bin/python -m fewstep_train bench-models --out .cache/bench`)
}

export function graphFacts (name: string): GraphFacts {
  return JSON.parse(readFileSync(benchGraph(name).replace(/onnx$/, 'json'), 'utf8')) as GraphFacts
}

/** Operations of one step of one row of `length` tokens. */
export function stepFlops ({ flops_per_token: token, flops_per_row: row = 0, attention_flops_per_pair: pair }: GraphFacts, length: number): number {
  return token * length + row + pair * length ** 2
}
