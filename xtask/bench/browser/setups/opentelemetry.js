// OpenTelemetry's own browser SDK with the instrumentations that do what ours do.
import { quickStartBrowserSdk } from "@opentelemetry/browser-sdk";
import { ErrorsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/errors";
import { NavigationTimingInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/navigation-timing";
import { WebVitalsInstrumentation } from "@opentelemetry/browser-instrumentation/experimental/web-vitals";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";

quickStartBrowserSdk({ serviceName: "bench", exportUrl: `${location.origin}/ingest` });
registerInstrumentations({
  instrumentations: [
    new ErrorsInstrumentation(),
    new NavigationTimingInstrumentation(),
    new WebVitalsInstrumentation(),
    new FetchInstrumentation(),
  ],
});
