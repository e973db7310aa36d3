// The gate to the engine, with types: numbers and texts go through as arrays of
// doubles and as UTF-8.

import { engine, waiting } from "../engine/sightline_browser.js";
import { Kind } from "./input.js";

export { waiting };

/** When, and for what, a batch is wanted: `Need` of the engine's outbox.rs. */
export const enum Need {
  InTime = 0,
  Now = 1,
  Leaving = 2,
  Keep = 3,
  Ready = 4,
}

export const SIGNALS = ["logs", "traces"] as const;

type Bytes = Uint8Array<ArrayBuffer>;

export interface Batch {
  id: number;
  signal: number;
  /** Records in it. */
  count: number;
  body: Bytes;
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

/** The next batch, if there is one. */
export function nextBatch(need: Need, gzips: boolean): Batch | undefined {
  const bytes = tell(Kind.Next, [performance.now(), need, +gzips]) as Bytes;
  if (!bytes.length) return;
  const [id, signal, count] = new Uint32Array(bytes.buffer, 0, 3);
  return { id: id!, signal: signal!, count: count!, body: bytes.subarray(12) };
}

/** What the next batch of events (0) or of spans (1) would be, or what to say
 * of an engine that broke (2). */
export function preview(signal: number, gzips: boolean): Bytes {
  return tell(Kind.Preview, [signal, +gzips]) as Bytes;
}

/** Gives the engine a batch that an earlier page left. */
export function restore({ signal, count, body }: Omit<Batch, "id">): void {
  engine(Kind.Restore, new Float64Array([signal, count]), body);
}
