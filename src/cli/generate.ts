/** `fewstep generate`: text without a server, or by one. */
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pino } from 'pino'
import { Fewstep, Recorder, type GenerateRequest, type ReplayItem, type StreamItem } from '../client/index.js'
import { DEFAULT_MODEL, readClientSettings, readGenerateConfig } from '../config.js'
import { Engine } from '../engine/engine.js'
import {
  decideChoices, MAX_CONTINUATIONS, prepare, scoreText, type PreparedScore, type ScoreResult
} from '../generation/index.js'
import { toTextRequest } from '../http/native/generate-json.js'
import { expandFolders } from '../model/model-folders.js'
import { loadModel } from '../model/model.js'
import { firstDraft } from './draft.js'
import type { GenerateCommand } from './generate-options.js'
import { localItems } from './local-items.js'
import { present, type Presented } from './present.js'
import { isPiped, readInput } from './read-input.js'
import { UsageError } from './usage-error.js'

/** More than any model's canvas takes. */
const MAX_PROMPT_BYTES = 2 ** 20

/**
 * Generate and print: in place on a terminal, else the finished texts alone, or JSON.
 * @throws UsageError where the recording could not be written
 * @throws Error where the model cannot be opened, the server not be reached or the recording not be written; the signal's reason
 * @throws FewstepError, the service's or the client's, where the request cannot be met, or `cancelled` after the signal
 */
export async function generate (command: GenerateCommand, signal: AbortSignal): Promise<void> {
  const { json, view, record } = command
  if (record !== undefined) await checkFolder(record)
  const given = await withInput(command)
  const wantsAll = json || record !== undefined
  const request = {
    ...given,
    ...(wantsAll ? { timeline: true } : {}),
    ...(wantsAll || view === 'confidence' ? { confidence: true } : {})
  }
  const generation = command.url === undefined
    ? await startHere(command, request, signal)
    : { ...askServer(command.url, command.apiKey, request, signal), close: async () => {} }
  const recorder = new Recorder(request, new Date())
  try {
    await present({ ...generation, items: recorded(generation.items, recorder) }, command)
  } finally {
    await generation.close()
    if (record !== undefined && recorder.recording.events.length > 0) await writeFile(record, `${JSON.stringify(recorder.recording)}\n`)
  }
}

/** Before anything is generated that could not be kept. */
async function checkFolder (file: string): Promise<void> {
  await access(dirname(resolve(file)), constants.W_OK).catch((error: unknown) => {
    throw new UsageError(`--record: ${(error as Error).message}`, { cause: error })
  })
}

/** The request with the prompt that is piped in, without the line break at its end. */
async function withInput ({ request, fromInput }: GenerateCommand): Promise<GenerateRequest> {
  const given = request.prompt !== undefined || request.template !== undefined
  if (!fromInput && (given || !isPiped())) return request
  const text = (await readInput('-', MAX_PROMPT_BYTES)).replace(/\r?\n$/, '')
  return text === '' ? request : { ...request, prompt: text }
}

interface Started extends Presented {
  readonly close: () => Promise<void>
}

async function startHere ({ model: folder }: GenerateCommand, request: GenerateRequest, signal: AbortSignal): Promise<Started> {
  const config = readGenerateConfig()
  const model = await loadModel(folder ?? (await expandFolders(config.modelDirectories))[0] ?? DEFAULT_MODEL, signal)
  // Checked by the options' parser, as the service's schema would.
  const text = toTextRequest(request as Parameters<typeof toTextRequest>[0])
  let started: Promise<Engine> | undefined
  const start = (): Promise<Engine> => {
    started ??= Engine.start({
      ...config,
      model,
      // One request, at once: one worker with all cores, and nothing measured.
      workers: config.workers || 1,
      warmUpMs: 0,
      maxQueue: Math.max(config.maxQueue, text.n ?? 1, MAX_CONTINUATIONS),
      // What goes wrong is said once, by whoever called; log lines would tear the picture apart.
      logger: pino({ level: 'silent' }),
      signal
    })
    return started
  }
  const close = async (): Promise<void> => { await started?.then((engine) => engine.close(), () => {}) }
  try {
    // What cannot be met is refused before an engine starts.
    const score = async (scoring: PreparedScore): Promise<ScoreResult> => await scoreText(await start(), scoring, { signal })
    const decided = await decideChoices(model, text, { id: 'fewstep', score })
    const prepared = prepare(model, { ...text, decided }, { textLimit: config.maxTokens })
    const { rows, budget } = prepared.engineRequest
    const told = { confidence: request.confidence === true, timeline: request.timeline === true }
    return {
      items: localItems(await start(), prepared, told, signal),
      prompt: request.prompt ?? '',
      drafts: rows.map(() => firstDraft(prepared)),
      status: `step 0/${budget.kind === 'exact' ? budget.stepSizes.length : budget.max}`,
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

function askServer (baseURL: string, apiKey: string | undefined, request: GenerateRequest, signal: AbortSignal): Presented {
  const client = new Fewstep({ baseURL, apiKey: apiKey ?? readClientSettings().apiKey })
  return {
    items: client.stream(request, { signal }),
    prompt: request.prompt ?? '',
    drafts: Array.from({ length: request.n ?? 1 }, () => []),
    status: `waiting for ${new URL(baseURL).host}`
  }
}

async function * recorded (items: AsyncIterable<ReplayItem>, recorder: Recorder): AsyncGenerator<ReplayItem, void, undefined> {
  for await (const item of items as AsyncIterable<StreamItem>) {
    recorder.add(item)
    yield item
  }
}
