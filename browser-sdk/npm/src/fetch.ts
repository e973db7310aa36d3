// Spans of `fetch` calls. What the page sees of `fetch` stays as it is: the
// native function runs once with the page's own arguments, save for one more
// header; the response is not touched, a rejection is the same.

import { describe } from "./errors.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

/** The arguments of the native function, and what the engine is told first. */
type Call = [
  args: [RequestInfo | URL, RequestInit | undefined],
  told: [traceparent: string, parent: string, method: string, url: string],
];

/** Puts our `fetch` in place until the signal. */
export function watchFetch(record: Record, tracer: Tracer, signal: AbortSignal): void {
  const native = window.fetch;
  // Nothing could be sent.
  if (typeof native !== "function") throw "no fetch";

  function begin(input: unknown, init: RequestInit | undefined): Call | undefined {
    const request = input instanceof Request ? input : undefined;
    const url = parse(request ? request.url : input);
    if (!url) return;
    const [traceparent, parent] = tracer.start();
    const method = String(init?.method ?? request?.method ?? "GET").toUpperCase();
    const call: Call = [
      [input as RequestInfo | URL, init],
      [traceparent, parent, method, url.href],
    ];
    if (tracer.allows(url)) {
      // An object with members of its class's (a Request, say) can't be copied.
      if (init && Object.getPrototypeOf(init) !== Object.prototype) return;
      const headers = new Headers(init?.headers ?? request?.headers);
      // The page, or another SDK, traces this call itself.
      if (headers.has("traceparent")) return;
      headers.set("traceparent", traceparent);
      call[0][1] =
        request && !Object.keys(init ?? {}).length
          ? // Any init at all resets these two of a Request.
            { headers, referrer: request.referrer, referrerPolicy: request.referrerPolicy }
          : { ...init, headers };
    }
    return call;
  }

  // A method, and of one parameter: as the native one is.
  const { fetch: patched } = {
    fetch(this: unknown, input: RequestInfo | URL): Promise<Response> {
      let call: Call | undefined;
      const startMs = performance.now();
      try {
        if (!signal.aborted) call = begin(input, arguments[1]);
      } catch {
        // Whatever it was: the native fetch will say.
      }
      const given = (call ? call[0] : arguments) as Parameters<typeof fetch>;
      const answer = native.apply(this as Window, given);
      if (!call) return answer;
      const [, told] = call;
      const end = (status: number, error: string) =>
        record(Kind.Fetched, [startMs, performance.now(), status], [...told, error]);
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
  };

  window.fetch = patched;
  signal.addEventListener("abort", () => {
    // Someone may have wrapped ours since: then it stays, and does nothing.
    if (window.fetch === patched) window.fetch = native;
  });
}
