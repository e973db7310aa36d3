// Spans of `fetch` calls. What the page sees of `fetch` stays as it is: the
// native function runs once with the page's own arguments, save for one more
// header; the response is not touched, a rejection is the same.

import { describe } from "./errors.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

interface Call {
  args: [RequestInfo | URL, RequestInit | undefined];
  traceparent: string;
  method: string;
  url: string;
}

/** Puts our `fetch` in place until the signal. */
export function watchFetch(record: Record, tracer: Tracer, signal: AbortSignal): void {
  const native = window.fetch;
  // Nothing could be sent.
  if (typeof native !== "function") throw new Error("there is no fetch");

  function begin(input: unknown, init: RequestInit | undefined): Call | undefined {
    const request = input instanceof Request ? input : undefined;
    const url = parse(request ? request.url : input);
    if (!url) return;
    const call: Call = {
      args: [input as RequestInfo | URL, init],
      traceparent: tracer.start(),
      method: String(init?.method ?? request?.method ?? "GET").toUpperCase(),
      url: url.href,
    };
    if (tracer.allows(url)) {
      // An object with members of its class's (a Request, say) can't be copied.
      if (init && Object.getPrototypeOf(init) !== Object.prototype) return;
      const headers = new Headers(init?.headers ?? request?.headers);
      // The page, or another SDK, traces this call itself.
      if (headers.has("traceparent")) return;
      headers.set("traceparent", call.traceparent);
      call.args[1] =
        request && !Object.keys(init ?? {}).length
          ? // Any init at all resets these two of a Request.
            { headers, referrer: request.referrer, referrerPolicy: request.referrerPolicy }
          : { ...init, headers };
    }
    return call;
  }

  function patched(this: unknown, ...args: Parameters<typeof fetch>): Promise<Response> {
    let call: Call | undefined;
    const startMs = performance.now();
    try {
      if (!signal.aborted) call = begin(args[0], args[1]);
    } catch {
      // Whatever it was: the native fetch will say.
    }
    const answer = native.apply(this as Window, call ? call.args : args);
    if (!call) return answer;
    const { traceparent, method, url } = call;
    const end = (status: number, error: string) =>
      record(
        Kind.Fetched,
        [startMs, performance.now(), status],
        [traceparent, method, url, error],
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
  }
  // As the native one has them.
  Object.defineProperties(patched, { name: { value: "fetch" }, length: { value: 1 } });

  window.fetch = patched;
  signal.addEventListener("abort", () => {
    // Someone may have wrapped ours since: then it stays, and does nothing.
    if (window.fetch === patched) window.fetch = native;
  });
}
