// Spans of `XMLHttpRequest` calls, as those of `fetch`. What the page sees stays as
// it is: the native methods run once with the page's own arguments, and what they
// throw is thrown. Nothing is asked of `upload`, which would cost a preflight.

import { describe } from "./errors.js";
import { hook } from "./hook.js";
import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import { type Tracer, parse } from "./trace.js";

interface Call {
  method: string;
  url: URL;
  sent?: boolean;
}

/** What may end a call: the first of them with an answer. */
const ENDS = ["readystatechange", "error", "abort", "timeout"];

/** Puts our methods in place until the signal. */
export function watchXhr(record: Record, tracer: Tracer, signal: AbortSignal): void {
  const prototype = globalThis.XMLHttpRequest?.prototype;
  if (!prototype) return;
  const { setRequestHeader } = prototype;
  /** Those that are open and not the page's own to trace. */
  const calls = new WeakMap<XMLHttpRequest, Call>();

  hook(prototype, "open", signal, (native, self, args) => {
    native.apply(self, args);
    calls.delete(self);
    const [method, address] = args;
    const url = parse(address);
    // An object's text was read by the native method, and may be another now.
    if (url && typeof method === "string") calls.set(self, { method: method.toUpperCase(), url });
  });
  hook(prototype, "setRequestHeader", signal, (native, self, args) => {
    native.apply(self, args);
    // The page, or another SDK, traces this call itself.
    if (typeof args[0] === "string" && args[0].toLowerCase() === "traceparent") calls.delete(self);
  });
  hook(prototype, "send", signal, (native, self: XMLHttpRequest, args) => {
    const call = calls.get(self);
    let end: ((status: number, error: string) => void) | undefined;
    if (call && !call.sent) {
      call.sent = true;
      try {
        const { method, url } = call;
        const [traceparent, parent] = tracer.start();
        if (tracer.allows(url)) setRequestHeader.call(self, "traceparent", traceparent);
        const startMs = performance.now();
        const off = new AbortController();
        const listener = ({ type }: Event) => {
          // Opened anew, which ends the call that was.
          if (calls.get(self) !== call) off.abort();
          // The head of the answer, or none.
          else if (type !== ENDS[0]) end?.(0, type);
          else if (self.readyState > 1 && self.status) end?.(self.status, "");
        };
        end = (status, error) => {
          end = undefined;
          off.abort();
          record(Kind.Fetched, [startMs, performance.now(), status], [traceparent, parent, method, url.href, error]);
        };
        for (const type of ENDS) self.addEventListener(type, listener, off);
        tracer.current?.(true);
      } catch {
        // Not open any more: the native method will say.
      }
    }
    try {
      native.apply(self, args);
    } catch (error) {
      end?.(0, describe(error)[0]);
      throw error;
    }
  });
}
