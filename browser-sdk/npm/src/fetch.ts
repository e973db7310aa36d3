// Spans of `fetch` calls. What the page sees of `fetch` stays as it is: the
// native function runs once and reads what the page gave it, save for one more
// header; the response is not touched, a rejection is the same.

import { describe } from "./errors.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

/** Puts our `fetch` in place until the signal. */
export function watchFetch(record: Record, tracer: Tracer, signal: AbortSignal): void {
  const native = window.fetch;
  // Nothing could be sent.
  if (typeof native !== "function") throw new Error("there is no fetch");

  // A proxy has the native function's name, text and all else.
  const patched = new Proxy(native, {
    apply(_, self, args) {
      const startMs = performance.now();
      let traceparent = "";
      let method = "GET";
      let url: URL | undefined;
      try {
        const [input, init] = args;
        const request = input instanceof Request ? input : undefined;
        let untouched = request;
        const options: any = init ?? {};
        // Nothing is read of the options but what fetch reads, when it does.
        const get = (_: object, name: string) => {
          const value = options[name];
          if (untouched) {
            // Any option resets a Request's referrer, ours too. They are read in the
            // order of their names: what comes after it is looked at before.
            const later = name === "referrer" ? (options.referrerPolicy ?? options.signal) : undefined;
            if ((value ?? later) !== undefined) untouched = undefined;
            else if (name.startsWith("referrer")) return untouched[name as "referrer"];
          }
          try {
            if (name === "method" && value !== undefined) return (method = `${value}`);
            if (name === "headers" && tracer.allows(url!)) {
              const headers = new Headers(value === undefined ? request?.headers : value);
              // The page, or another SDK, traces this call itself.
              if (headers.has("traceparent")) traceparent = "";
              else headers.set("traceparent", traceparent);
              return headers;
            }
          } catch {
            // Not what it must be: the native fetch will say.
          }
          return value;
        };
        url = signal.aborted ? undefined : parse(request ? request.url : input);
        // Options that are none: the native fetch will say.
        if (url && Object(options) === options) {
          method = request?.method ?? method;
          traceparent = tracer.start();
          args = [input, new Proxy({}, { get } as ProxyHandler<object>)];
        }
      } catch {
        // Whatever it was: the native fetch will say.
      }
      const answer: Promise<Response> = native.apply(self, args as never);
      if (!traceparent) return answer;
      const end = (status: number, error: string) =>
        record(
          Kind.Fetched,
          [startMs, performance.now(), status],
          [traceparent, method.toUpperCase(), url!.href, error],
        );
      // The promise that follows the native one, so that a rejection that the
      // page does not handle stays one.
      return answer.then(
        (response) => {
          end(response.status, "");
          return response;
        },
        (error) => {
          end(0, describe(error)[0]);
          throw error;
        },
      );
    },
  });

  window.fetch = patched;
  signal.addEventListener("abort", () => {
    // Someone may have wrapped ours since: then it stays, and does nothing.
    if (window.fetch === patched) window.fetch = native;
  });
}
