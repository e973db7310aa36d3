// The gate to the engine, with types: numbers and texts go through its memory as
// doubles and as UTF-8, and so does what it answers. Imports no rule.

import { Kind } from "./input.js";
import { wasm } from "./wasm.js";

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
      const { instance } = await WebAssembly.instantiate(await wasm(nativeFetch));
      engine = instance.exports as unknown as Engine;
      return;
    } catch (error) {
      if (wanted === "wasm") throw error;
    }
  }
  engine = await import("./fallback.js");
}

/** When, and for what, a batch is wanted: `Need` of the engine's outbox.rs. */
export const enum Need {
  InTime = 0,
  Now = 1,
  Leaving = 2,
  Keep = 3,
  Ready = 4,
  PreviewLogs = 5,
  PreviewTraces = 6,
  PreviewMetrics = 7,
  LastWords = 8,
}

type Bytes = Uint8Array<ArrayBuffer>;

export interface Batch {
  id: number;
  signal: number;
  /** Records in it. */
  count: number;
  body: Bytes;
}

/** Tells the engine something, or asks it for a number. */
export function tell(
  kind: Kind,
  numbers: readonly number[] = [],
  texts: readonly string[] = [],
): number {
  // NUL parts texts, so none may have it.
  const text = texts.map((text) => text.replace(/\0/g, " ")).join("\0");
  return send(kind, numbers, new TextEncoder().encode(text));
}

function send(kind: Kind, numbers: readonly number[], bytes: Uint8Array): number {
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
function answer(length: number): Bytes {
  const room = engine.room(length);
  return new Uint8Array(engine.memory.buffer, room, length);
}

/** The lines of an answer. */
export function ask(kind: Kind, numbers?: readonly number[], texts?: readonly string[]): string[] {
  return new TextDecoder().decode(answer(tell(kind, numbers, texts))).split("\n");
}

/** The next batch, if there is one. */
export function nextBatch(need: Need, gzips: boolean): Batch | undefined {
  const length = tell(Kind.Next, [performance.now(), need, +gzips]);
  if (!length) return;
  const bytes = answer(length).slice();
  const [id, signal, count] = new Uint32Array(bytes.buffer, 0, 3);
  return { id: id!, signal: signal!, count: count!, body: bytes.subarray(12) };
}

/** Gives the engine a batch that an earlier page left. */
export function restore({ signal, count, body }: Omit<Batch, "id">): void {
  send(Kind.Restore, [signal, count], body);
}
