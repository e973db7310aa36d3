// Spans of `XMLHttpRequest` calls, as those of `fetch`. What the page sees stays as
// it is: the native methods run once with the page's own arguments, and what they
// throw is thrown. Nothing is asked of `upload`, which would cost a preflight.

import { describe } from "./errors.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

interface Call {
  method: string;
  url: URL;
  sent?: boolean;
}

/** What became of a call without an answer, in the words that `fetch` has. */
const ERRORS: { [event: string]: string } = {
  error: "NetworkError",
  abort: "AbortError",
  timeout: "TimeoutError",
};
const ENDS = ["readystatechange", ...Object.keys(ERRORS)];

/** Puts our methods in place until the signal. */
export function watchXhr(record: Record, tracer: Tracer, signal: AbortSignal): void {
  const prototype = globalThis.XMLHttpRequest?.prototype;
  if (!prototype) return;
  const native = { open: prototype.open, setRequestHeader: prototype.setRequestHeader, send: prototype.send };
  /** Those that are open and not the page's own to trace. */
  const calls = new WeakMap<XMLHttpRequest, Call>();

  const patched = {
    open(this: XMLHttpRequest, method: unknown, address: unknown) {
      native.open.apply(this, arguments as never);
      calls.delete(this);
      const url = !signal.aborted && parse(address);
      // An object's text was read by the native method, and may be another now.
      if (url && typeof method === "string") calls.set(this, { method: method.toUpperCase(), url });
    },
    setRequestHeader(this: XMLHttpRequest, name: unknown, _value: unknown) {
      native.setRequestHeader.apply(this, arguments as never);
      // The page, or another SDK, traces this call itself.
      if (typeof name === "string" && name.toLowerCase() === "traceparent") calls.delete(this);
    },
    send(this: XMLHttpRequest) {
      const call = calls.get(this);
      let end: ((status: number, error: string) => void) | undefined;
      if (!signal.aborted && call && !call.sent) {
        call.sent = true;
        try {
          const { method, url } = call;
          const [traceparent, parent] = tracer.start();
          if (tracer.allows(url)) native.setRequestHeader.call(this, "traceparent", traceparent);
          const startMs = performance.now();
          const listener = ({ type }: Event) => {
            // Opened anew, which ends the call that was.
            if (calls.get(this) !== call) stop();
            // The head of the answer, or none.
            else if (ERRORS[type]) end?.(0, ERRORS[type]);
            else if (this.readyState > 1 && this.status) end?.(this.status, "");
          };
          const stop = () => {
            for (const type of ENDS) this.removeEventListener(type, listener);
          };
          end = (status, error) => {
            end = undefined;
            stop();
            record(Kind.Fetched, [startMs, performance.now(), status], [traceparent, parent, method, url.href, error]);
          };
          for (const type of ENDS) this.addEventListener(type, listener);
        } catch {
          // Not open any more: the native method will say.
        }
      }
      try {
        native.send.apply(this, arguments as never);
      } catch (error) {
        end?.(0, describe(error)[0]);
        throw error;
      }
    },
  };
  Object.assign(prototype, patched);
  signal.addEventListener("abort", () => {
    for (const name of ["open", "setRequestHeader", "send"] as const) {
      // Someone may have wrapped ours since: then it stays, and does nothing.
      if (prototype[name] === patched[name]) prototype[name] = native[name] as never;
    }
  });
}
