// Uncaught errors and unhandled rejections, of any value thrown.

import { Kind } from "./input.js";
import type { Record } from "./loader.js";

const MAX_TEXT = 16384;

/** Class, message and stack of any value. Never throws, whatever the value's
 * getters do. */
export function describe(value: unknown): [kind: string, message: string, stack: string] {
  try {
    const error = value as Error;
    const texts =
      typeof value === "object" && value && "message" in value
        ? [error.name || error.constructor.name, error.message, error.stack || ""]
        : [value === null ? "null" : typeof value, value, ""];
    return texts.map((text) => String(text).slice(0, MAX_TEXT)) as [string, string, string];
  } catch {
    return ["unknown", "", ""];
  }
}

/** Listens until the signal. */
export function watchErrors(record: Record, signal: AbortSignal): void {
  const tell = (described: readonly string[], event: Event) =>
    record(Kind.Thrown, [event.timeStamp], [...described, location.href]);
  const onError = (event: ErrorEvent) => {
    const { error, message, filename, lineno, colno } = event;
    const [kind, text, stack] = describe(error);
    tell(
      // Another origin's script: the browser tells nothing but a message.
      error == null && message && !filename
        ? ["Error", message, ""]
        : [kind, text, stack || `at ${filename}:${lineno}:${colno}`],
      event,
    );
  };
  const onRejection = (event: PromiseRejectionEvent) => tell(describe(event.reason), event);
  addEventListener("error", onError, { signal });
  addEventListener("unhandledrejection", onRejection, { signal });
}
