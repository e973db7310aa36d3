// Spans of `fetch` calls. What the page sees of `fetch` stays as it is: the
// native function runs once and reads what the page gave it, save for one more
// header; the response is not touched, a rejection is the same.

import { describe } from "./errors.js";
import { hook } from "./hook.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

/** Puts our `fetch` in place until the signal. */
export function watchFetch(record: Record, tracer: Tracer, signal: AbortSignal): void {
  // Throws where there is none: nothing could be sent.
  hook(window, "fetch", signal, (native, self, args) => {
    const startMs = performance.now();
    /** Traceparent, its parent, method and URL; none of a call that is not ours. */
    let told: string[] | undefined;
    try {
      const [input, init] = args;
      const request = input instanceof Request ? input : undefined;
      const url = parse(request ? request.url : input);
      const options: any = init ?? {};
      let untouched = request;
      // Nothing is read of the options but what fetch reads, when it does.
      const get = (_: object, name: string) => {
        const value = options[name];
        // Any option resets a Request's referrer, ours too. They are read in the
        // order of their names: what comes after it is looked at before.
        if (untouched) {
          const later = name === "referrer" ? (options.referrerPolicy ?? options.signal) : undefined;
          if ((value ?? later) !== undefined) untouched = undefined;
          else if (name.startsWith("referrer")) return untouched[name as "referrer"];
        }
        try {
          if (name === "method" && value !== undefined) return (told![2] = `${value}`);
          if (name === "headers" && tracer.allows(url!)) {
            const headers = new Headers(value === undefined ? request?.headers : value);
            // The page, or another SDK, traces this call itself.
            if (headers.has("traceparent")) told = undefined;
            else headers.set("traceparent", told![0]!);
            return headers;
          }
        } catch {
          // Not what it must be: the native fetch will say.
        }
        return value;
      };
      // Options that are none: the native fetch will say.
      if (url && Object(options) === options) {
        told = [...tracer.start(), request?.method ?? "GET", url.href];
        args = [input, new Proxy({}, { get } as ProxyHandler<object>)];
      }
    } catch {
      // Whatever it was: the native fetch will say.
    }
    const answer: Promise<Response> = native.apply(self, args);
    if (!told) return answer;
    tracer.current?.(true);
    const [traceparent, parent, method, url] = told as [string, string, string, string];
    const end = (status: number, error: string) =>
      record(
        Kind.Fetched,
        [startMs, performance.now(), status],
        [traceparent, parent, method.toUpperCase(), url, error],
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
  });
}
