// Uncaught errors and unhandled rejections, of any value thrown.

import { Kind } from "./input.js";
import type { Record } from "./loader.js";

const MAX_TEXT = 16384;
/** So many errors that led to one are told with it. */
const MAX_CAUSES = 4;

type Described = [kind: string, message: string, stack: string];

/** Class, message and stack of any value; below its stack what led to it: its
 * `cause`, theirs, and the errors of an `AggregateError`. Never throws, whatever
 * the value's getters do. */
export function describe(value: unknown): Described {
  const described = describeOne(value);
  try {
    const causes = causesOf(value);
    // The list grows by the causes of causes; a circle ends with the count.
    for (let at = 0; at < Math.min(causes.length, MAX_CAUSES); at++) {
      const [kind, message, stack] = describeOne(causes[at]);
      // V8 begins a stack with class and message, the others don't.
      const whole = stack.startsWith(kind) ? stack : `${kind}: ${message}\n${stack}`;
      described[2] += "\nCaused by: " + whole;
      causes.push(...causesOf(causes[at]));
    }
  } catch {
    // A getter threw: what it hides is not told.
  }
  return described.map((text) => text.slice(0, MAX_TEXT)) as Described;
}

const causesOf = (value: unknown): unknown[] => {
  const { cause, errors } = (value ?? {}) as { cause?: unknown; errors?: unknown };
  const all = Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : [];
  return [...all, cause].filter((one) => one != null);
};

function describeOne(value: unknown): Described {
  try {
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
