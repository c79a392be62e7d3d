/** What `fewstep doctor` finds, as its --json prints it. */

export interface Doctor {
  readonly fewstep: string
  readonly node: { readonly version: string, readonly platform: string, readonly supported: boolean }
  readonly cpu: Cpu
  readonly memory: Memory
  readonly onnxruntime: OnnxRuntime
  readonly cuda: Cuda
  readonly models: readonly ModelFacts[]
  readonly address: Address
  /** Those that differ from their defaults; what is secret is not told. */
  readonly settings: Readonly<Record<string, string>>
  /** Why the service would not start; empty: it would. */
  readonly problems: readonly string[]
}

export interface Cpu {
  readonly model: string
  /** Whether the processor has them; null: this system does not say. */
  readonly features: Readonly<Record<string, boolean>> | null
  /** Of the machine. */
  readonly cores: number
  /** That this process may use. */
  readonly usable_cores: number
  /** Cores' worth of time that the cgroup allows; null: no limit. */
  readonly cgroup_cores: number | null
}

export interface Memory {
  readonly total_bytes: number
  readonly free_bytes: number
  /** null: no limit. */
  readonly cgroup_bytes: number | null
}

export interface OnnxRuntime {
  /** Of the package onnxruntime-node; null: it is not installed. */
  readonly version: string | null
  readonly folder: string | null
  readonly files: readonly string[]
}

export interface Library {
  /** What ONNX Runtime asks the linker for. */
  readonly name: string
  readonly for: string
  /** The file that the linker would take, links resolved, whose name has the version; null: missing. */
  readonly file: string | null
}

export interface Cuda {
  /** Of the kernel's driver; null: there is none. */
  readonly driver: string | null
  readonly devices: readonly string[]
  readonly libraries: readonly Library[]
}

export interface ModelFacts {
  readonly folder: string
  readonly name: string | null
  readonly parameters: number | null
  /** Why it cannot be served; null: it can, its files are as its manifest says. */
  readonly problem: string | null
  readonly files: ReadonlyArray<{ readonly name: string, readonly bytes: number, readonly sha256: string }>
  /** Of the graphs that may run on the CPU, the likely one first: measurement decides. */
  readonly precisions: readonly string[]
  /** What an earlier start measured; null: nothing yet. */
  readonly measured: Measured | null
}

export interface Measured {
  readonly at: string
  readonly workers: number
  readonly threads: number
  readonly precision: string
  /** Milliseconds of a step, by rows and padded length. */
  readonly costs: ReadonlyArray<{ readonly rows: number, readonly padded_length: number, readonly lane: string, readonly ms: number }>
}

export interface Address {
  readonly host: string
  readonly port: number
  readonly free: boolean
}
