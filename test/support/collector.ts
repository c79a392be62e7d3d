/** Takes traces by OTLP over HTTP, in JSON, and keeps their spans. */
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface TakenSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** ns since 1970 */
  readonly begin: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly string[]
  /** Of whom it speaks. */
  readonly resource: Readonly<Record<string, unknown>>
}

export interface Collector {
  readonly url: string
  readonly spans: readonly TakenSpan[]
  /** Waits for spans, until `isEnough` of them. */
  until: (isEnough: (spans: readonly TakenSpan[]) => boolean) => Promise<void>
  close: () => void
}

interface Attribute { readonly key: string, readonly value: Readonly<Record<string, unknown>> }

interface Exported {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: ReadonlyArray<{
      readonly spans: ReadonlyArray<{
        readonly name: string
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly startTimeUnixNano: string
        readonly endTimeUnixNano: string
        readonly attributes: readonly Attribute[]
        readonly events: ReadonlyArray<{ readonly name: string }>
      }>
    }>
  }>
}

export async function startCollector (): Promise<Collector> {
  const spans: TakenSpan[] = []
  const arrivals = new EventEmitter()
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      spans.push(...spansOf(body as Exported))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      arrivals.emit('spans')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    until: async (isEnough) => { while (!isEnough(spans)) await once(arrivals, 'spans') },
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}

function spansOf ({ resourceSpans }: Exported): TakenSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((span) => ({
    name: span.name,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    begin: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name }) => name),
    resource: valuesOf(resource.attributes)
  }))))
}

function valuesOf (attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
