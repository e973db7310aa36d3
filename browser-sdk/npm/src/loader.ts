// What the eager part and the engine's part share: the inputs that wait for
// the engine, and what the page's hooks need of each other.

import type { Kind } from "./input.js";
import type { Options } from "./options.js";
import type { Tracer } from "./trace.js";

/** Something that happened: its kind, numbers and texts, as `input.ts` says, what
 * `translate.ts` makes texts of, and `location.href`. */
export type Input = [kind: Kind, numbers: readonly number[], texts?: readonly unknown[], url?: string];

export type Record = (...input: Input) => void;

/** Why everything is undone: nothing may be sent any more. */
export const DENIED = "denied";
export const GRANTED = "granted";

/** What the engine's part is given. */
export interface Loader {
  given: Options;
  /** Aborted when everything is to be undone. */
  signal: AbortSignal;
  nativeFetch: typeof fetch;
  /** What the page's own traces are, and those of what it does. */
  tracer: Tracer;
  /** Inputs so far. */
  inputs: Input[];
  /** Those beyond the buffer, and errors like the one before. */
  lost: number;
  repeated: number;
  /** When the page was first hidden; infinity if never. Below 0 where its load
   * has been told before: then only what happens from now on counts. */
  hiddenMs: number;
  /** Takes back what the page left in storage, if it did (`left.ts`); what
   * another page has told of it since is not told again. */
  takeBack(): void;
  /** Observes `event` entries since `init`; the engine adds further types. */
  observer?: PerformanceObserver;
  /** Entries that wait, and what takes them, once it is there. */
  observed: PerformanceEntry[];
  drain?: () => void;
  /** The engine's part, once it has begun. */
  running?: Running;
  /** Turns everything off: the engine can't go on. */
  fail(error: unknown): void;
}

/** What the engine's part gives back. */
export interface Running {
  record(input: Input): void;
  /** The page is hidden, maybe for ever. */
  hide(): void;
  flush(): Promise<void>;
}

/** The inputs that wait for the engine at most. */
export const MAX_INPUTS = 256;
