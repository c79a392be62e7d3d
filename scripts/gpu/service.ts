/**
 * The whole service under load, and one of its workers killed meanwhile:
 * node --import tsx scripts/gpu/service.ts MODEL cuda|cpu [MAX_BATCH [SECONDS]]
 *
 * A line of JSON for each number of clients, of texts of 128 tokens in eight steps. busy: the share of the time that session.run takes of
 * one worker; overhead: a worker's time at a batch, messages and all, over that in session.run; failed: requests that did not get their
 * text. Exit code 1: there were some.
 */
import { fileURLToPath } from 'node:url'
import { crowd } from '../../bench/lib/crowd.js'
import { Service } from '../../bench/lib/service.js'
import { readManifest } from '../../src/model/manifest.js'
import { providerOf } from './graphs.js'

const SOURCE = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const CLIENTS = [1, 8, 32, 128]

const [directory = '', name, maxBatch = '16', seconds = '4'] = process.argv.slice(2)
const provider = providerOf(name)
const { name: model } = await readManifest(directory)
const service = await Service.start({
  FEWSTEP_MODEL: directory,
  FEWSTEP_EXECUTION_PROVIDER: provider,
  FEWSTEP_MAX_BATCH: maxBatch,
  FEWSTEP_CACHE_DIR: 'none',
  LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] ?? ''
}, ['--import', 'tsx', SOURCE])

function killWorker (): void {
  const [worker] = service.workers()
  if (worker !== undefined) process.kill(worker, 'SIGKILL')
}

async function load (clients: number, killed: boolean): Promise<void> {
  const timer = killed ? setTimeout(killWorker, 500 * Number(seconds)) : undefined
  const { load: { requests, statuses, latencyMs, ...seen }, ...window } = await crowd(service, clients, Number(seconds), clients)
  clearTimeout(timer)
  const failed = requests - (statuses.find(({ status }) => status === '200')?.count ?? 0)
  if (failed > 0) process.exitCode = 1
  console.log(JSON.stringify({
    service: model,
    provider,
    max_batch: Number(maxBatch),
    clients,
    killed,
    requests,
    failed,
    texts_per_second: seen.answeredPerSecond,
    tokens_per_second: seen.tokensPerSecond,
    latency_ms: latencyMs,
    mean_batch: window.rows / window.batches,
    step_ms: 1000 * window.runSeconds / window.batches,
    busy: window.runSeconds / window.seconds,
    overhead: window.workerSeconds / window.runSeconds,
    own_processor_ms_a_step: 1000 * window.ownProcessorSeconds / window.batches,
    ...(failed > 0 ? { statuses } : {})
  }))
}

try {
  for (const clients of CLIENTS) await load(clients, false)
  await load(32, true)
} finally {
  await service.stop()
}
