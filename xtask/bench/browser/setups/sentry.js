// Sentry with tracing of every page.
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: `${location.protocol}//key@${location.host}/1`,
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1,
});
