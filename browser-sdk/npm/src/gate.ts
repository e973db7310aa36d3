// The gate to the engine, with types: numbers and texts go through its memory as
// doubles and as UTF-8, and so does what it answers. Imports no rule.

import { Kind } from "./input.js";

/** What the engine exports; web.rs says how they are used. */
export interface Engine {
  memory: { buffer: ArrayBuffer };
  room(bytes: number): number;
  engine(kind: Kind, numbers: number, textBytes: number): number;
}

let engine: Engine;

/** Makes the engine, as JavaScript where there is no wasm, or a policy forbids
 * it. Nothing tells the latter but a try, which the browser reports to the
 * page's owner: `"js"` doesn't try, `"wasm"` tries nothing else. */
export async function open(nativeFetch: typeof fetch, wanted: unknown): Promise<void> {
  if (wanted !== "js") {
    try {
      // Written so that bundlers find the file and bring it along.
      const answer = await nativeFetch(new URL("./engine.wasm", import.meta.url));
      const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer());
      engine = instance.exports as unknown as Engine;
      return;
    } catch (error) {
      if (wanted === "wasm") throw error;
    }
  }
  engine = await import("./fallback.js");
}

export interface Batch {
  id: number;
  signal: "logs" | "traces";
  body: Uint8Array<ArrayBuffer>;
}

/** Tells the engine something, or asks it for a number. */
export function tell(
  kind: Kind,
  numbers: readonly number[] = [],
  texts: readonly string[] = [],
): number {
  // NUL parts texts, so none may have it.
  const bytes = new TextEncoder().encode(texts.map((text) => text.replace(/\0/g, " ")).join("\0"));
  const textsAt = numbers.length * 8;
  const room = engine.room(textsAt + bytes.length);
  const { buffer } = engine.memory;
  new Float64Array(buffer, room).set(numbers);
  new Uint8Array(buffer, room + textsAt).set(bytes);
  return engine.engine(kind, numbers.length, bytes.length);
}

/** Bytes that wait for delivery. */
export const waiting = (): number => tell(Kind.Waiting);

/** The bytes of an answer; good until the engine is told something else. */
function answer(length: number): Uint8Array<ArrayBuffer> {
  const room = engine.room(length);
  return new Uint8Array(engine.memory.buffer, room, length);
}

/** The lines of an answer. */
export function ask(kind: Kind, text = ""): string[] {
  return new TextDecoder().decode(answer(tell(kind, [], [text]))).split("\n");
}

/** The next batch to send, if there is one. */
export function nextBatch(leaving: boolean): Batch | undefined {
  const length = tell(Kind.Next, [performance.now(), +leaving]);
  if (!length) return;
  const bytes = answer(length).slice();
  return {
    id: new DataView(bytes.buffer).getUint32(0, true),
    signal: bytes[4] ? "traces" : "logs",
    body: bytes.subarray(5),
  };
}
