/** `fewstep generate`: text without a server. */
import { pino } from 'pino'
import { DEFAULT_MODEL, readGenerateConfig } from '../config.js'
import { Engine } from '../engine/engine.js'
import {
  decideChoices, generateText, MAX_CONTINUATIONS, prepare, scoreText, streamText,
  type PreparedGeneration, type PreparedScore, type ScoreResult, type TextResult
} from '../generation/index.js'
import { toGeneration } from '../http/native/generate-json.js'
import { loadModel } from '../model/model.js'
import type { GenerateCommand } from './generate-options.js'
import { LiveView } from './live-view.js'
import { print } from './print.js'
import { printableJson } from './printable.js'

/**
 * Generate and print: in place on a terminal, else the finished texts alone, or JSON.
 * @throws Error where the model cannot be opened, or the signal's reason
 * @throws FewstepError where the request cannot be met, or `cancelled` after the signal
 */
export async function generate ({ request, model: folder, json, color }: GenerateCommand, signal: AbortSignal): Promise<void> {
  const config = readGenerateConfig()
  const model = await loadModel(folder ?? config.modelDirectories[0] ?? DEFAULT_MODEL, signal)
  let started: Promise<Engine> | undefined
  const start = (): Promise<Engine> => {
    started ??= Engine.start({
      ...config,
      model,
      // One request, at once: one worker with all cores, and nothing measured.
      workers: config.workers || 1,
      warmUpMs: 0,
      maxQueue: Math.max(config.maxQueue, request.n ?? 1, MAX_CONTINUATIONS),
      // What goes wrong is said once, by whoever called; log lines would tear the picture apart.
      logger: pino({ level: 'silent' }),
      signal
    })
    return started
  }
  try {
    // What cannot be met is refused before an engine starts.
    const score = async (scoring: PreparedScore): Promise<ScoreResult> => await scoreText(await start(), scoring, { signal })
    const decided = await decideChoices(model, request, { id: 'fewstep', score })
    const prepared = prepare(model, { ...request, decided }, { textLimit: config.maxTokens })
    const engine = await start()
    if (json) {
      const result = await generateText(engine, prepared, { signal })
      const answer = { id: prepared.engineRequest.id, model: model.manifest.name, timeline: true, confidence: true }
      print(`${printableJson(toGeneration(result, answer))}\n`)
    } else if (process.stdout.isTTY) {
      await showInPlace(engine, prepared, request.prompt ?? '', { color: color && process.stdout.hasColors(), signal })
    } else {
      const { outputs } = await generateText(engine, prepared, { signal })
      print(plainText(outputs, request.prompt ?? ''))
    }
  } finally {
    await started?.then((engine) => engine.close(), () => {})
  }
}

/** Prompt and continuation of each output, a blank line between outputs. */
function plainText (outputs: TextResult['outputs'], prompt: string): string {
  return outputs.map(({ text }) => `${prompt}${text}\n`).join('\n')
}

async function showInPlace (
  engine: Engine, prepared: PreparedGeneration, prompt: string, { color, signal }: { color: boolean, signal: AbortSignal }
): Promise<void> {
  const view = new LiveView(prepared, prompt, { terminal: process.stdout, color, now: () => performance.now() })
  try {
    for await (const event of streamText(engine, prepared, { signal })) {
      if (event.type === 'step') view.step(event.step)
      else view.done(event.result)
    }
  } finally {
    view.close()
  }
}
