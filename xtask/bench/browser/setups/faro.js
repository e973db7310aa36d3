// Grafana Faro with tracing.
import { getWebInstrumentations, initializeFaro } from "@grafana/faro-web-sdk";
import { TracingInstrumentation } from "@grafana/faro-web-tracing";

initializeFaro({
  url: `${location.origin}/ingest`,
  app: { name: "bench", version: "1.0.0" },
  instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()],
});
