// The gate to the engine, with types: numbers and texts go through as arrays of
// doubles and as UTF-8.

import { engine, waiting } from "../engine/sightline_browser.js";
import { Kind } from "./input.js";

export { waiting };

export interface Batch {
  id: number;
  signal: "logs" | "traces";
  body: Uint8Array<ArrayBuffer>;
}

/** Tells the engine something, or asks it. */
export function tell(
  kind: Kind,
  numbers: readonly number[] = [],
  texts: readonly string[] = [],
): Uint8Array {
  return engine(
    kind,
    new Float64Array(numbers),
    // NUL parts texts, so none may have it.
    new TextEncoder().encode(texts.map((text) => text.replace(/\0/g, " ")).join("\0")),
  );
}

/** The lines of an answer. */
export function ask(kind: Kind, text = ""): string[] {
  return new TextDecoder().decode(tell(kind, [], [text])).split("\n");
}

/** The next batch to send, if there is one. */
export function nextBatch(leaving: boolean): Batch | undefined {
  const bytes = tell(Kind.Next, [performance.now(), +leaving]) as Uint8Array<ArrayBuffer>;
  if (!bytes.length) return;
  return {
    id: new DataView(bytes.buffer).getUint32(0, true),
    signal: bytes[4] ? "traces" : "logs",
    body: bytes.subarray(5),
  };
}
