// What led to an error: its `cause`, theirs, and the errors of an
// `AggregateError`, as text below its stack.

import { describe } from "./errors.js";

/** So many are told. */
const MAX_CAUSES = 4;

/** The texts of an error that has been described, with what led to it. Never
 * throws, whatever the getters of these do. */
export function withCauses(stack: string, error: unknown): string {
  try {
    const causes = causesOf(error);
    // The list grows by the causes of causes; a circle ends with the count.
    for (let at = 0; at < Math.min(causes.length, MAX_CAUSES); at++) {
      const [kind, message, own] = describe(causes[at]);
      // V8 begins a stack with class and message, the others don't.
      stack += "\nCaused by: " + (own.startsWith(kind) ? own : `${kind}: ${message}\n${own}`);
      causes.push(...causesOf(causes[at]));
    }
  } catch {
    // A getter threw: what it hides is not told.
  }
  return stack;
}

const causesOf = (value: unknown): unknown[] => {
  if (value instanceof ErrorEvent) value = value.error;
  const { cause, errors } = (value ?? {}) as { cause?: unknown; errors?: unknown };
  const all = Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : [];
  return [...all, cause].filter((one) => one != null);
};
