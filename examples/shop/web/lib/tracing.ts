/**
 * Plain OpenTelemetry for the Next.js server; nothing here knows Sightline.
 *
 * Next makes the server spans itself once a provider is registered, and continues an incoming
 * `traceparent`. `UndiciInstrumentation` gives each outgoing `fetch` a client span and sends that
 * span's `traceparent`; Next's own fetch span, which sends none, is turned off. Sampling is the SDK's
 * default, parent-based always-on. OTEL_EXPORTER_OTLP_ENDPOINT says where spans go (unset: nowhere),
 * OTEL_BSP_SCHEDULE_DELAY how long a batch waits (ms).
 */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

/** Also the longest that a stop may wait for a collector that is away. */
const EXPORT_LIMIT_MS = 2000;

export function traceServer(): void {
  process.env.NEXT_OTEL_FETCH_DISABLED = "1";
  const exporting = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT);
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": "shop-web", "service.version": "0.1.0" }),
    ),
    spanProcessors: exporting
      ? [new BatchSpanProcessor(new OTLPTraceExporter({ timeoutMillis: EXPORT_LIMIT_MS }))]
      : [],
  });
  provider.register();
  registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });
  sendSpansBeforeStop(provider);
}

/** Next's own handlers end in process.exit: they run after the last batch has left. */
function sendSpansBeforeStop(provider: NodeTracerProvider): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const stop = process.listeners(signal);
    process.removeAllListeners(signal);
    process.once(signal, () => {
      const stopNow = () => stop.forEach((listener) => listener(signal));
      provider.forceFlush().then(stopNow, stopNow);
    });
  }
}
