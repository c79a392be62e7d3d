/** In what a route's answers differ from another's. */
import type { TextOutput } from '../../generation/index.js'
import type { Head } from './choice.js'

/** An output of which nothing more comes. */
export interface Ended {
  readonly index: number
  readonly output: TextOutput
  /** What is left to be told of its text; of a stream that replaces text, all of it. */
  readonly text: string
}

export interface Shape {
  /** The whole answer's choice. */
  readonly choice: (ended: Ended) => object
  /** What a stream tells of each output before its text. */
  readonly opening: (index: number) => object[]
  readonly piece: (index: number, text: string) => object
  /** The last choices of an output, the very last of which has its finish_reason. */
  readonly ending: (ended: Ended) => object[]
}

/** What a request asks of its answer. */
export interface AnswerPlan {
  readonly head: Head
  readonly shape: Shape
  /** Outputs of each prompt. */
  readonly n: number
  /** What the text of each prompt's outputs begins with. */
  readonly prefixes: readonly string[]
  readonly promptTokens: number
}
