/** Inference with tensors over the KServe routes. */
import t from 'tap'
import { generate } from '../../support/client.js'
import { fixture } from '../../support/engine.js'
import { ask } from '../../support/kserve.js'
import { startTestServer } from '../../support/server.js'

const NAMES = ['tiny-text', 'tiny-llada'] as const
const server = await startTestServer({ modelDirectories: NAMES.map(fixture), maxQueue: 4 })
t.teardown(server.stop)
const { url } = server

const INFER = '/models/tiny-text/infer'
const options = { max_tokens: 20, steps: 2, seed: 5, n: 3 }
const input = (data: unknown, shape: unknown = [1]): Record<string, unknown> => ({ name: 'text_input', shape, datatype: 'BYTES', data })

/** A tensor of texts as bytes. */
function tensor (...texts: ReadonlyArray<string | Buffer>): Buffer {
  return Buffer.concat(texts.flatMap((each) => {
    const text = Buffer.from(each as string)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text]
  }))
}

/** JSON, the tensors after it, and the header that tells them apart. */
function withBinary (json: object, binary: Buffer): [body: Buffer, headers: Record<string, string>] {
  const head = Buffer.from(JSON.stringify(json))
  const headers = { 'inference-header-content-length': String(head.length), 'content-type': 'application/octet-stream' }
  return [Buffer.concat([head, binary]), headers]
}

const binaryInput = (size: number): object => ({
  name: 'text_input', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: size }
})

for (const model of NAMES) {
  t.test(`${model}: tensors hold the outputs that the native route makes`, async (t) => {
    const { outputs } = await generate(url, { model, prompt: 'The cat', ...options })
    const expected = {
      model_name: model,
      model_version: '1',
      id: 'mine',
      outputs: [
        { name: 'text_output', shape: [3], datatype: 'BYTES', data: outputs.map(({ text }) => text) },
        { name: 'finish_reason', shape: [3], datatype: 'BYTES', data: outputs.map(({ finish_reason: reason }) => reason) },
        { name: 'seed', shape: [3], datatype: 'INT64', data: [5, 6, 7] },
        { name: 'steps', shape: [3], datatype: 'INT32', data: [2, 2, 2] }
      ]
    }
    for (const tensor of [input(['The cat']), input(['The cat'], [1, 1]), input([['The cat']], [1, 1])]) {
      t.strictSame((await ask(url, `/models/${model}/infer`, { id: 'mine', inputs: [tensor], parameters: options })).body, expected)
    }
    const { body } = await ask(url, `/models/${model}/versions/1/infer`, {
      inputs: [input(['The cat'])], parameters: options, outputs: [{ name: 'seed' }, { name: 'text_output' }]
    })
    const { id: _, outputs: [text, , seed], ...head } = expected
    t.strictSame(body, { ...head, outputs: [seed, text] }, 'only those that were asked for, in that order')
  })
}

t.test('binary tensors, in and out, hold what JSON does', async (t) => {
  const binary = tensor('Ünïcode 🙂')
  const [body, headers] = withBinary({
    inputs: [binaryInput(binary.length)],
    parameters: { ...options, binary_data_output: true },
    outputs: [{ name: 'text_output' }, { name: 'steps', parameters: { binary_data: false } }, { name: 'seed' }]
  }, binary)
  const response = await fetch(`${url}/v2${INFER}`, { method: 'POST', body, headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  const length = Number(response.headers.get('inference-header-content-length'))
  const { body: plain } = await ask(url, INFER, { inputs: [input(['Ünïcode 🙂'])], parameters: options })
  const [texts, , seeds, steps] = plain['outputs'] as Array<{ name: string, data: string[] }>
  const expected = tensor(...texts?.data ?? [])
  t.match(response.headers.get('content-type'), 'application/octet-stream')
  t.strictSame(JSON.parse(bytes.subarray(0, length).toString()), {
    model_name: 'tiny-text',
    model_version: '1',
    outputs: [
      { name: 'text_output', shape: [3], datatype: 'BYTES', parameters: { binary_data_size: expected.length } },
      steps,
      { name: 'seed', shape: [3], datatype: 'INT64', parameters: { binary_data_size: 24 } }
    ]
  })
  t.ok(bytes.subarray(length, length + expected.length).equals(expected))
  t.strictSame([...new BigInt64Array(Uint8Array.from(bytes.subarray(length + expected.length)).buffer)].map(Number), seeds?.data)
})

t.test('tensors that are no text are refused, and the sentence says what they should be', async (t) => {
  const cases: Array<[body: unknown, error: RegExp]> = [
    [{}, /^inputs is missing$/],
    [{ inputs: [] }, /^inputs must have at least 1 entry$/],
    [{ inputs: [input(['a']), input(['b'])] }, /^inputs must have at most 1 entries$/],
    [{ inputs: [{ ...input(['a']), name: 'prompt' }] }, /^inputs\[0\]\[name\] must be one of text_input$/],
    [{ inputs: [{ ...input(['a']), datatype: 'FP32' }] }, /^inputs\[0\]\[datatype\] must be one of BYTES$/],
    [{ inputs: [{ name: 'text_input', datatype: 'BYTES', data: ['a'] }] }, /^shape is missing in inputs\[0\]$/],
    [{ inputs: [input(['a'], [2])] }, /^inputs\[0\]\[shape\] is \[2\], but text_input is one text: send \[1\]/],
    [{ inputs: [input(['a'], [1, 2])] }, /^inputs\[0\]\[shape\] is \[1, 2\]/],
    [{ inputs: [input(['a'], [-1])] }, /^inputs\[0\]\[shape\] is \[-1\]/],
    [{ inputs: [input(['a'], [])] }, /^inputs\[0\]\[shape\] must have at least 1 entry$/],
    [{ inputs: [input(['a'], [1, 1, 1])] }, /^inputs\[0\]\[shape\] must have at most 2 entries$/],
    [{ inputs: [input(['a'], [1e9, 1e9])] }, /^inputs\[0\]\[shape\] is \[1000000000, 1000000000\]/],
    [{ inputs: [input(['a', 'b'])] }, /^inputs\[0\]\[data\] must have at most 1 entries$/],
    [{ inputs: [input([])] }, /^inputs\[0\]\[data\] must have at least 1 entry$/],
    [{ inputs: [input([3])] }, /^inputs\[0\]\[data\]\[0\] must be a string, or a list of one$/],
    [{ inputs: [input(undefined)] }, /^inputs\[0\] has neither data nor parameters\[binary_data_size\]; send one of them$/],
    [{ inputs: [{ ...input(['a']), parameters: { binary_data_size: 5 } }] }, /^inputs\[0\] has both data and/],
    [{ inputs: [binaryInput(5)] }, /^0 bytes follow the JSON, but parameters\[binary_data_size\] of inputs\[0\] is 5$/],
    [{ inputs: [{ ...input(['a']), parameters: { shared_memory_region: 'x' } }] }, /no field shared_memory_region in inputs/],
    [{ inputs: [input(['a'])], outputs: [{ name: 'logits' }] }, /^outputs\[0\]\[name\] must be one of text_output, /],
    [{ inputs: [input(['a'])], outputs: Array(5).fill({ name: 'text_output' }) }, /^outputs must have at most 4 entries$/],
    [{ inputs: [input(['a'])], parameters: { sequence_id: 1 } }, /^there is no field sequence_id in parameters/],
    [{ inputs: [input(['a'])], parameters: { n: 5 } }, /^n must be at most 4, the length of the model's queue$/],
    [{ inputs: [input(['a'])], id: 'x'.repeat(257) }, /^id must have at most 256 characters$/]
  ]
  for (const [body, error] of cases) {
    t.match(await ask(url, INFER, body), { status: 400, body: { error } }, JSON.stringify(body).slice(0, 120))
  }
})

t.test('binary tensors that are no text are refused, and so is a length that is none', async (t) => {
  const NO_TEXT = /^the binary data of inputs\[0\] are not one text/
  const long = Buffer.from([255, 255, 255, 255, 97])
  for (const binary of [Buffer.alloc(0), Buffer.from('abc'), long, tensor('a', 'b'), tensor(Buffer.from([0xff]))]) {
    const request = withBinary({ inputs: [binaryInput(binary.length)] }, binary)
    t.match(await ask(url, INFER, ...request), { status: 400, body: { error: NO_TEXT } })
  }
  const [body] = withBinary({ inputs: [binaryInput(5)] }, tensor('a'))
  for (const length of ['9999', '-1', '1e1', 'all', '1.5']) {
    t.match(await ask(url, INFER, body, { 'inference-header-content-length': length }), {
      status: 400, body: { error: new RegExp(`^the header inference-\\S+ is ${length}, but the body has ${body.length} bytes`) }
    })
  }
  t.match(await ask(url, INFER, body), { status: 400, body: { error: /is not valid JSON$/ } }, 'without the header it is all JSON')
  const [surplus, headers] = withBinary({ inputs: [input(['a'])] }, Buffer.from('more'))
  t.match(await ask(url, INFER, surplus, headers), {
    status: 400, body: { error: /^4 bytes follow the JSON, but .* is left out$/ }
  })
})
