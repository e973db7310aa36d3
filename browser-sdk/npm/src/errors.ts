// Uncaught errors and unhandled rejections, of any value thrown. What led to them
// is looked up when the engine is there (causes.ts).

import { Kind } from "./input.js";
import type { Record } from "./loader.js";
import type { Attributes } from "./options.js";
import type { Tracer } from "./trace.js";

/** How it came: a resource could not be loaded. */
export const RESOURCE = "resource";

type Described = [kind: string, message: string, stack: string];

/** Class, message and stack of any value. Never throws, whatever its getters do. */
export function describe(value: unknown): Described {
  try {
    // Of `window`, or of a worker that the page's own code watches.
    if (value instanceof ErrorEvent) {
      const { error, message, filename, lineno, colno, target } = value;
      // Another origin's script: the browser tells nothing but a message.
      if (error == null && message && !filename) return ["Error", message, ""];
      // Of a worker it tells no error.
      const [kind, text, stack] = describe(target === window ? error : (error ?? message));
      return [kind, text, stack || `at ${filename}:${lineno}:${colno}`];
    }
    const error = value as Error;
    const texts =
      typeof value === "object" && value && "message" in value
        ? [error.name || error.constructor.name, error.message, error.stack || ""]
        : [value === null ? "null" : typeof value, value, ""];
    return texts.map(String) as Described;
  } catch {
    return ["unknown", "", ""];
  }
}

/** Tells an error, how it came, and what the page's own code says of it. */
export type Tell = (error: unknown, source: string, atMs: number, attributes?: Attributes) => void;

/** What tells them. */
export const telling =
  (record: Record, tracer: Tracer): Tell =>
  (error, source, atMs, attributes) => {
    record(
      Kind.Thrown,
      [atMs],
      [...describe(error), source, tracer.current?.(), { ...attributes }, () => error],
    );
  };

/** Listens until the signal. */
export function watchErrors(tell: Tell, signal: AbortSignal): void {
  const onError = (event: ErrorEvent) => {
    const target = event.target as HTMLScriptElement & HTMLLinkElement;
    if (target === (window as EventTarget)) tell(event, "uncaught", event.timeStamp);
    else if (target.localName) {
      // An image, a script, a style sheet … that could not be loaded.
      const message = `${target.localName} ${target.src || target.href}`;
      tell({ name: "ResourceError", message }, RESOURCE, event.timeStamp);
    }
  };
  const onRejection = (event: PromiseRejectionEvent) =>
    tell(event.reason, "unhandled_rejection", event.timeStamp);
  addEventListener("error", onError, { capture: true, signal });
  addEventListener("unhandledrejection", onRejection, { signal });
}
