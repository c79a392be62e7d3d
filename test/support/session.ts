/** Bare session workers on the tiny models. */
import { join } from 'node:path'
import { Session } from '../../src/engine/session.js'
import { fixture, type FixtureName } from './engine.js'

/** One thread on the CPU. */
export async function startSession (name: FixtureName, file = 'step.onnx'): Promise<Session> {
  const graph = { graph: join(fixture(name), file), hashes: {} }
  return await Session.start({ graphFiles: { cpu: graph, cuda: graph }, executionProvider: 'cpu', deviceId: 0, threads: 1 })
}
