import { appendFile, cp } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { fewstep } from '../support/cli.js'
import { copyOf } from '../support/copy.js'
import { fixture } from '../support/engine.js'

const EMBEDDED = fileURLToPath(new URL('../../models/fewstep-stories', import.meta.url))

t.test('it shows the embedded model, graphs and all', async (t) => {
  const { code, stdout, stderr } = await fewstep(['inspect', EMBEDDED])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  for (const says of [/^fewstep-stories +\/.*\/models\/fewstep-stories$/m, /canvas of 256 tokens, vocabulary of \d+/, /7,579,201/, /^supports +scoring, choices, longer texts in blocks of up to 128 tokens$/m, /^step\.onnx +float32 products, opset \d+/m,
    /^step-int8\.onnx +int8 products/m, /tokens \(int64, 2 axes\)/, /MatMul \d+/, /Once\| upon\| a\| time\|/, /[0-9a-f]{64} {2}tokenizer\.json/, /all of them are as the manifest says/]) {
    t.match(stdout, says)
  }
})

t.test('--json has the same for programs', async (t) => {
  const { code, stdout } = await fewstep(['inspect', fixture('tiny-llada'), '--json'])
  t.equal(code, 0)
  t.match(JSON.parse(stdout), {
    manifest: { name: 'tiny-llada', algorithm: 'llada' },
    supports: { scoring: true, choices: true, reveal_above: true, block_length: { default: 32, max: 32 } },
    graphs: [{ file: 'step.onnx', precision: 'float32', inputs: { tokens: 'int64, 2 axes', filter: 'bool, 0 axes' }, operators: { MatMul: Number } }],
    tokenizer: { chat_template: false },
    problem: null
  })
})

t.test('it shows the step sizes that were searched for', async (t) => {
  const schedules = { 4: { step_sizes: [0.1, 0.2, 0.3, 0.4], clearly_better: true }, 2: { step_sizes: [0.7, 0.3], clearly_better: false } }
  const { stdout } = await fewstep(['inspect', await copyOf('tiny-text', { schedules })])
  t.match(stdout, /^tuned +2 steps: 0\.7, 0\.3\n +4 steps: 0\.1, 0\.2, 0\.3, 0\.4 \(by default\)$/m)
})

t.test('a model that would be refused is shown as far as it can be read, and why', async (t) => {
  const folder = t.testdir()
  await cp(fixture('tiny-text'), folder, { recursive: true })
  await appendFile(`${folder}/tokenizer.json`, ' ')
  const { code, stdout, stderr } = await fewstep(['inspect', folder])
  t.equal(code, 1)
  t.match(stdout, /it would be refused: .*tokenizer\.json: it has \d+ bytes, the manifest says/)
  t.match(stderr, /^fewstep: .*tokenizer\.json: it has/)
  t.match(await fewstep(['inspect', '/nowhere']), { code: 1, stdout: '', stderr: /^fewstep: \/nowhere\/manifest\.json: / })
})
