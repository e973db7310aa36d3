// What the page tells the engine: a kind, numbers, texts. The kinds and the
// order of what each brings are those of the engine's input.rs; its tests
// compare the kinds. Times are `DOMHighResTimeStamp`s.

export const enum Kind {
  /** When. */
  FirstContentfulPaint = 0,
  /** When, interaction or 0, request and end of the resource; its URL, target. */
  LargestContentfulPaint = 1,
  /** Now. */
  FirstInput = 2,
  /** Score, when; target. */
  LayoutShift = 3,
  /** Interaction id, start, duration, start and end of processing, whether of
   * the keyboard; target. */
  Event = 4,
  /** When; `location.href`, class, message, stack, how it came, `traceparent` of
   * what led to it, attributes. */
  Thrown = 5,
  /** Start, end, status; `traceparent`, that of the parent, method, URL, class of
   * the error. */
  Fetched = 6,
  /** End, then the phases. */
  DocumentLoad = 7,
  /** Now, count of interactions. */
  Hidden = 8,
  /** How many inputs the buffer had no room for, how many errors repeated,
   * how many records storage had no room for. */
  Lost = 9,
  /** Start, duration, start and duration of the frame; invoker, its type, source, function. */
  Script = 10,
  /** Start, interaction, first paint, count of interactions; URL. */
  SoftNavigation = 11,
  /** When, count of interactions. */
  Restored = 12,
  /** Now. */
  Repainted = 13,
  /** When, whether the same one is told once; `location.href`, name, attributes. */
  CustomEvent = 14,
  /** Start, end; `location.href`, `traceparent`, that of the parent, name (one that
   * ends in a blank is followed by the route), attributes. */
  Span = 15,
  /** Attributes. */
  Attributes = 16,
  /** When; kind, text. */
  Breadcrumb = 17,
  // Calls, which are no inputs. Theirs is said in `input.rs`.
  Start = 32,
  Next = 33,
  Settled = 34,
  Phases = 35,
  Waiting = 36,
  Restore = 37,
  Device = 38,
  Session = 39,
  // What the engine's module makes inputs of.
  /** When; URL. A router goes there. */
  Navigation = 64,
  /** Whose page it is; empty for nobody's. */
  User = 65,
}

/** How an error came; in words in `translate.ts`. */
export const enum Source {
  Captured = 0,
  Uncaught = 1,
  UnhandledRejection = 2,
  Resource = 3,
  Console = 4,
}

/** What batches are of, by the engine's number: the ends of their endpoints. */
export const SIGNALS = ["logs", "traces", "metrics"] as const;
