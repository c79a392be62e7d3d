/** OpenAI's own client, as published, against the running service on the embedded model. */
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import type { Test } from 'tap'
import type { Config } from '../../src/config.js'
import { startTestServer, type TestServer } from './server.js'

export const STORIES = fileURLToPath(new URL('../../models/fewstep-stories', import.meta.url))
export const LLADA = fileURLToPath(new URL('../../models/fewstep-stories-llada', import.meta.url))

export const MODEL = 'fewstep-stories'
export const PROMPT = 'Once upon a time'

/** Also fewstep's own: the client passes them on. */
type Fields = Readonly<Record<string, unknown>>

export interface OpenAiServer {
  readonly server: TestServer
  readonly client: OpenAI
}

/** The embedded model is the default one, its relative of masked diffusion is beside it. */
export async function startOpenAi (settings: Partial<Config> = {}): Promise<OpenAiServer> {
  const server = await startTestServer({ modelDirectories: [STORIES, LLADA], ...settings })
  return { server, client: clientOf(server.url) }
}

export function clientOf (url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
}

/** It knows nothing yet of what steps cost, so it admits what will be late. */
export async function startUnmeasured (t: Test): Promise<OpenAiServer> {
  const unmeasured = await startOpenAi()
  t.teardown(unmeasured.server.stop)
  return unmeasured
}

/** 24 tokens after the prompt under seed 7, unless fields say otherwise. */
export function completing ({ completions }: OpenAI): (body: Fields) => Promise<OpenAI.Completion> {
  return async (body) => await completions.create({
    model: MODEL, prompt: PROMPT, max_tokens: 24, seed: 7, ...body
  } as OpenAI.CompletionCreateParamsNonStreaming)
}

/** The same, where it must be refused. */
export function refusing (client: OpenAI): (body: Fields) => Promise<InstanceType<typeof OpenAI.APIError>> {
  const complete = completing(client)
  return async (body) => {
    const answer = await complete(body).catch((error: unknown) => error)
    if (answer instanceof OpenAI.APIError) return answer
    throw new Error('it was not refused')
  }
}

/** All of an asynchronous list. */
export async function all<T> (list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of list) found.push(one)
  return found
}

/** The data of a stream's events as they went over the wire, [DONE] included. */
export async function wire (url: string, path: string, body: object): Promise<string[]> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' }
  })
  const blocks = (await response.text()).split('\n\n')
  if (blocks.pop() !== '') throw new Error('the last event is not whole')
  return blocks.map((block) => {
    const data = /^data: (.*)$/.exec(block)?.[1]
    if (data === undefined) throw new Error(`not one line of data: ${block}`)
    return data
  })
}
