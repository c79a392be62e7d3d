/** OpenTelemetry's SDK, loaded only where spans are wanted. */
import { propagation, trace } from '@opentelemetry/api'
import type { Logger } from 'pino'

/** What of its last spans has not been taken by then is lost. */
const LAST_SPANS_MS = 2000

export interface Tracing {
  /** Sends what is left. */
  stop (): Promise<void>
}

/**
 * Spans go by OTLP over HTTP (JSON) to where the SDK's own variables say: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS,
 * OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and so on.
 * @param version of the service
 */
export async function startTracing (version: string, logger: Logger): Promise<Tracing> {
  const [sdk, { OTLPTraceExporter }, resources, core] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core')
  ])
  core.setGlobalErrorHandler((error) => { logger.warn({ err: error }, 'spans could not be sent') })
  const named = resources.detectResources({ detectors: [resources.envDetector, resources.processDetector, resources.hostDetector] })
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': 'fewstep', 'service.version': version }).merge(named),
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())]
  })
  trace.setGlobalTracerProvider(provider)
  propagation.setGlobalPropagator(new core.W3CTraceContextPropagator())
  return {
    stop: async () => {
      const late = new Promise<void>((resolve) => { setTimeout(resolve, LAST_SPANS_MS).unref() })
      await Promise.race([provider.shutdown().catch(() => {}), late])
    }
  }
}
