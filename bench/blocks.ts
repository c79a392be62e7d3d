/** What blocks cost in quality: texts to be judged, of several lengths, in blocks of several sizes. See `tsx bench/blocks.ts --help`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { Engine } from '../src/engine/engine.js'
import { generateText, MAX_STEPS, prepare } from '../src/generation/index.js'
import { loadModel } from '../src/model/model.js'
import { readConfig } from '../src/config.js'
import { runCommand } from './lib/command.js'
import { integer, list, parseOptions } from './lib/options.js'

const OPTIONS = {
  model: { type: 'string', default: 'models/fewstep-stories' },
  tokens: { type: 'string', default: '512,2048' },
  blocks: { type: 'string', default: '32,64,128' },
  texts: { type: 'string', default: '16' },
  steps: { type: 'string', default: '8' },
  seed: { type: 'string', default: '1' },
  out: { type: 'string', default: 'runs/blocks' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

const USAGE = `npx tsx bench/blocks.ts [OPTIONS]

Writes texts to be judged, one file for each length and size of blocks, and says how many network calls and positions a token of
each took. Then: .venv/bin/python -m fewstep_train judge --judge smollm2 --text DIR/*.txt

  --model DIR     (default models/fewstep-stories)
  --tokens N,...  lengths of texts (default 512,2048)
  --blocks N,...  tokens of a block (default 32,64,128)
  --texts N       of each (default 16)
  --steps N       of a block (default 8)
  --seed N        text i is drawn with seed + i (default 1)
  --out DIR       (default runs/blocks)
`
const MANY = { min: 1, max: 1_000_000 }
/** As the kit reads them. */
const SEPARATOR = '\n<|endoftext|>\n'

runCommand('bench/blocks', async (args) => {
  const { values } = parseOptions(args, OPTIONS)
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const lengths = list(values.tokens, (item) => integer('--tokens', item, MANY))
  const sizes = list(values.blocks, (item) => integer('--blocks', item, MANY))
  const n = integer('--texts', values.texts, { min: 1, max: 256 })
  const steps = integer('--steps', values.steps, { min: 1, max: MAX_STEPS })
  const seed = integer('--seed', values.seed, { min: 0, max: 2 ** 32 })
  const model = await loadModel(values.model)
  const engine = await Engine.start({ ...readConfig({}), model, workers: 1, maxWaitMs: Infinity, logger: pino({ level: 'silent' }) })
  mkdirSync(values.out, { recursive: true })
  try {
    for (const maxTokens of lengths) {
      for (const blockLength of sizes) {
        const request = { maxTokens, blockLength, steps, seed, n, ignoreEnd: true }
        const { outputs, usage } = await generateText(engine, prepare(model, request, { textLimit: MANY.max }))
        const file = join(values.out, `${maxTokens}-tokens-${blockLength}-a-block.txt`)
        writeFileSync(file, outputs.map(({ text }) => text + SEPARATOR).join(''))
        const each = usage.completionTokens
        process.stdout.write(`${file}: ${(usage.networkCalls / each).toFixed(3)} network calls and ` +
          `${(usage.positions / each).toFixed(1)} positions a token\n`)
      }
    }
  } finally {
    await engine.close()
  }
  return 0
})
