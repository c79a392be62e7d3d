/** The two rates of a roofline, measured: matrix products in ONNX Runtime, and reads from memory. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { graphFacts, graphFile, type ChainFacts } from './bench-graphs.js'
import { longEnough, timeMs } from './repeat.js'
import { float32, withSessions } from './ort.js'
import type { Rates } from './roofline.js'
import { median } from '../../src/load/statistics.js'

const ROUNDS = 5
const MATRIX_ROWS = 1024
const LONG_ENOUGH_MS = 100
/** A thread reads this much, many times any cache. */
const BYTES_PER_THREAD = 2 ** 28

/** Scans memory that does not hold the byte it looks for: Buffer.indexOf is C's memchr, which reads as fast as anything. */
const SCANNER = `
const { parentPort, workerData } = require('node:worker_threads')
const memory = Buffer.alloc(workerData.bytes, 2)
parentPort.on('message', () => { parentPort.postMessage(memory.indexOf(1)) })
parentPort.postMessage('ready')
`

/** On `threads` threads. */
export async function machineRates (threads: number): Promise<Rates> {
  return { flopsPerSecond: await matrixRate(threads), bytesPerSecond: await readBandwidth(threads) }
}

/** Operations per second in a chain of products with fixed weights of the embedded model's shapes, float32. */
export async function matrixRate (threads: number): Promise<number> {
  const { flops_per_row: flopsPerRow, sizes } = graphFacts<ChainFacts>('matmul')
  return await withSessions({ matmul: graphFile('matmul') }, threads, async ({ matmul }) => {
    const columns = sizes[0] ?? 0
    const feeds = { x: float32(new Float32Array(MATRIX_ROWS * columns).fill(0.01), [MATRIX_ROWS, columns]) }
    const { run, times } = await longEnough(() => matmul.run(feeds), LONG_ENOUGH_MS)
    return times * MATRIX_ROWS * flopsPerRow / (await medianMs(run) / 1000)
  })
}

async function readBandwidth (threads: number): Promise<number> {
  const scanners = Array.from({ length: threads }, () => new Worker(SCANNER, { eval: true, workerData: { bytes: BYTES_PER_THREAD } }))
  try {
    await Promise.all(scanners.map((scanner) => once(scanner, 'message')))
    const scan = (): Promise<unknown> => Promise.all(scanners.map((scanner) => {
      const answer = once(scanner, 'message')
      scanner.postMessage('scan')
      return answer
    }))
    await scan()
    return threads * BYTES_PER_THREAD / (await medianMs(scan) / 1000)
  } finally {
    await Promise.all(scanners.map((scanner) => scanner.terminate()))
  }
}

async function medianMs (work: () => unknown): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) times.push(await timeMs(work))
  return median(times)
}
