/** The graphs that figures compare the step graph with, what is known about them, and the Python that made them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PYTHON = join(ROOT, '.venv/bin/python')
const GRAPHS = join(ROOT, '.cache/bench')

const INSTALL = 'python3 -m venv .venv && .venv/bin/pip install -e "train[judge]"'
const MAKE = '.venv/bin/python -m fewstep_train bench-models --out .cache/bench'

const BUILD_LLAMA = 'cmake -S bench/llama -B .cache/bench/llama/build -DLLAMA_CPP=/where/it/is && cmake --build .cache/bench/llama/build'

/** Of a network that refines canvases: a row of L costs L (flops_per_token + L attention_flops_per_pair) + flops_per_row. */
export interface CanvasFacts {
  readonly matrix_parameters: number
  readonly flops_per_token: number
  readonly flops_per_row: number
  readonly attention_flops_per_pair: number
}

/** Of an autoregressive decoder: a token after P others costs flops_per_token + (P + 1) attention_flops_per_pair. */
export interface DecoderFacts {
  readonly matrix_parameters: number
  readonly flops_per_token: number
  readonly attention_flops_per_pair: number
  readonly cache_bytes_per_position: number
}

export interface ChainFacts {
  readonly flops_per_row: number
  readonly sizes: readonly number[]
}

/** @throws Error naming the commands that make it */
export function graphFile (name: string): string {
  return existing(join(GRAPHS, `${name}.onnx`))
}

/** What its maker wrote down about a graph. */
export function graphFacts<Facts> (name: string): Facts {
  return JSON.parse(readFileSync(existing(join(GRAPHS, `${name}.json`)), 'utf8')) as Facts
}

/** The folder of the model of the published 0.17B shape, with random weights. */
export function largeModel (): string {
  graphFile('large/step')
  return join(GRAPHS, 'large')
}

/** The folder of the LLaDA-shaped model of 134 million parameters, with random weights. */
export function maskedModel (): string {
  graphFile('masked/step')
  return join(GRAPHS, 'masked')
}

/** The same weights as llama.cpp reads them. */
export function llamaModel (precision: 'f16' | 'q8_0'): string {
  return existing(join(GRAPHS, `llama/${precision}.gguf`))
}

/** @throws Error naming the commands that build it */
export function llamaForward (): string {
  const file = join(GRAPHS, 'llama/build/llama-forward')
  if (!existsSync(file)) throw new Error(`there is no ${file}; build it in ${ROOT}, from llama.cpp's source, with: ${BUILD_LLAMA}`)
  return file
}

/** Where workers keep the optimised copies of these models' graphs. */
export function graphCopies (): string {
  return join(GRAPHS, 'copies')
}

/** @throws Error naming the command that installs it */
export function python (): string {
  if (!existsSync(PYTHON)) throw new Error(`there is no ${PYTHON}; make it in ${ROOT} with: ${INSTALL}`)
  return PYTHON
}

function existing (file: string): string {
  if (!existsSync(file)) {
    throw new Error(`there is no ${file}; make it in ${ROOT} with: ${existsSync(PYTHON) ? '' : `${INSTALL} && `}${MAKE}`)
  }
  return file
}
