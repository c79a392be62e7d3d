import t from 'tap'
import { chooseGraphs, graphFiles } from '../../src/engine/graph-choice.js'

const GRAPH = { file: 'step.onnx', version: 1, opset: 20 } as const
const PLAIN = { name: 'plain', graph: GRAPH }
const QUANTISED = { name: 'quantised', graph: { ...GRAPH, int8_file: 'step-int8.onnx' } }
const HALF = { name: 'half', graph: { ...QUANTISED.graph, float16_file: 'step-fp16.onnx', float16_opset: 24 } }
const FLOAT32 = { file: 'step.onnx', precision: 'float32' } as const
const INT8 = { file: 'step-int8.onnx', precision: 'int8' } as const
const FLOAT16 = { file: 'step-fp16.onnx', precision: 'float16' } as const

t.test('a CPU may take either graph, a GPU never the one with 8-bit products', async (t) => {
  for (const executionProvider of ['auto', 'cpu', 'cuda'] as const) {
    const options = { precision: 'auto', executionProvider } as const
    t.same(chooseGraphs(QUANTISED, options, true), { cpu: [INT8, FLOAT32], cuda: FLOAT32 })
    t.same(chooseGraphs(QUANTISED, options, false), { cpu: [FLOAT32, INT8], cuda: FLOAT32 })
    t.same(chooseGraphs(PLAIN, options, true), { cpu: [FLOAT32], cuda: FLOAT32 })
    t.same(chooseGraphs(HALF, options, true), { cpu: [INT8, FLOAT32], cuda: FLOAT16 }, 'float16 is for GPUs')
  }
})

t.test('what is demanded is taken, or refused with what to change', async (t) => {
  t.same(chooseGraphs(QUANTISED, { precision: 'float32', executionProvider: 'cpu' }).cpu, [FLOAT32])
  t.same(chooseGraphs(QUANTISED, { precision: 'int8', executionProvider: 'auto' }).cpu, [INT8])
  t.same(chooseGraphs(HALF, { precision: 'float32', executionProvider: 'cuda' }).cuda, FLOAT32)
  t.same(chooseGraphs(HALF, { precision: 'int8', executionProvider: 'auto' }), { cpu: [INT8], cuda: FLOAT16 })
  for (const executionProvider of ['auto', 'cpu', 'cuda'] as const) {
    t.same(chooseGraphs(HALF, { precision: 'float16', executionProvider }), { cpu: [FLOAT16], cuda: FLOAT16 })
    t.throws(() => chooseGraphs(QUANTISED, { precision: 'float16', executionProvider }), { message: /quantised has no graph for float16.*--float16/ })
  }
  t.throws(() => chooseGraphs(PLAIN, { precision: 'int8', executionProvider: 'cpu' }), { message: /plain has no graph for int8.*--int8/ })
  t.throws(() => chooseGraphs(QUANTISED, { precision: 'int8', executionProvider: 'cuda' }), { message: /FEWSTEP_PRECISION/ })
})

t.test("a session reads its graph and the weights beside it, not another graph's", async (t) => {
  const entry = (sha256: string) => ({ sha256, bytes: 1 })
  const files = { 'step.onnx': entry('a'), 'step.onnx.data': entry('b'), 'step-int8.onnx': entry('c'), 'tokenizer.json': entry('d') }
  t.same(graphFiles('/models/m', { files }, FLOAT32), {
    graph: '/models/m/step.onnx', hashes: { '/models/m/step.onnx': 'a', '/models/m/step.onnx.data': 'b' }
  })
  t.same(graphFiles('/models/m', { files }, INT8), { graph: '/models/m/step-int8.onnx', hashes: { '/models/m/step-int8.onnx': 'c' } })
})
