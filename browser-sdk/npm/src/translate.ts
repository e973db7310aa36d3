// From what the page's own code says to what the engine takes: attributes as
// numbers and texts, a person as a hash, an error with what led to it.

import { withCauses } from "./causes.js";
import { tell } from "./gate.js";
import { Kind, Source } from "./input.js";
import type { Input } from "./loader.js";
import type { Attributes } from "./options.js";
import { hex } from "./trace.js";

/** Longer texts are cut before they cross to the engine, which cuts them again. */
const MAX_TEXT = 16384;
/** How many texts come before the attributes; the address before them. */
const TEXTS: { [kind: number]: number } = {
  [Kind.Thrown]: 5,
  [Kind.CustomEvent]: 1,
  [Kind.Span]: 3,
};
/** How an error came. */
const SOURCES = ["captured", "uncaught", "unhandled_rejection", "resource", "console"];
/** What became of an XHR without an answer, in the words that `fetch` has. */
const ERRORS: { [event: string]: string } = {
  error: "NetworkError",
  abort: "AbortError",
  timeout: "TimeoutError",
};

/** Tells the engine the inputs of one page; later what it has to find out. */
export function translator(tellLater: (input: Input) => void): (input: Input) => void {
  /** What everything has. */
  let common: Attributes = {};
  const ended = new WeakSet<object>();

  const translate = ([kind, numbers, texts = [], url = ""]: Input): void => {
    const count = TEXTS[kind];
    if (kind === Kind.Navigation) return;
    if (kind === Kind.User) return void identify((texts[0] as unknown[])[0]);
    let attributes: Attributes;
    let own: string[] = [];
    const all: number[] = [];
    if (kind === Kind.Attributes) attributes = common = merged(common, texts[0]);
    else {
      if (!count) {
        if (kind === Kind.Fetched) texts = texts.map((text, at) => (at === 4 && ERRORS[text as string]) || text);
        return void tell(kind, numbers, texts.map(asText));
      }
      attributes = (texts[count] ?? {}) as Attributes;
      own = [url, ...texts.slice(0, count).map(asText)];
      all.push(...numbers);
      if (kind === Kind.Thrown) {
        // A page that was left left no value.
        const error = texts[count + 1];
        own[4] = SOURCES[texts[3] as Source] ?? "";
        if (typeof error === "function") own[3] = withCauses(own[3]!, error());
        attributes = { "sightline.debug_ids": debugIds(own[3]!), ...attributes };
      }
      // A span ends once.
      if (kind === Kind.Span) {
        if (ended.has(attributes)) return;
        ended.add(attributes);
      }
    }
    for (const [key, value] of entriesOf(attributes)) {
      const type = typeof value;
      const isPlain = type === "number" || type === "boolean";
      all.push(isPlain ? Number(value) : NaN);
      own.push((isPlain ? type[0] : "s") + key.slice(0, MAX_TEXT), asText(value));
    }
    tell(kind, all, own);
  };
  let identity = 0;
  const identify = async (id: unknown) => {
    const mine = ++identity;
    let digits = "";
    try {
      const bytes = new TextEncoder().encode(asText(id));
      const hash = await crypto.subtle.digest("SHA-256", bytes);
      if (id) digits = hex(new Uint8Array(hash));
    } catch {
      // No hash where the page is not secure, and then nobody.
    }
    // Nobody else was named meanwhile.
    if (mine === identity) tellLater([Kind.Attributes, [], [{ "user.hash": digits || undefined }]]);
  };
  return translate;
}

/** Of the scripts in a stack those whose build gave them a debug id, each with it:
 * bundlers leave there the id of each script by a stack of its own. */
function debugIds(stack: string): string | undefined {
  const { _debugIds } = globalThis as { _debugIds?: { [stack: string]: string } };
  // As in a storm.
  if (stack === searched) return found;
  searched = stack;
  const lines = Object.entries(_debugIds ?? {}).flatMap(([of, id]) => {
    if (!scripts.has(of)) scripts.set(of, /https?:\/\/[^\s)]+?(?=:\d+:\d)/.exec(of)?.[0]);
    const url = scripts.get(of);
    return url && stack.includes(url) ? `${id} ${url}` : [];
  });
  return (found = lines.join("\n") || undefined);
}
/** The last stack, and what was found for it. */
let searched = "";
let found: string | undefined;
/** The script's URL in each such stack: as many as the page has scripts. */
const scripts = new Map<string, string | undefined>();

const MAX_ATTRIBUTES = 32;

/** Those that are something, so many at most. */
const entriesOf = (attributes: Attributes): [string, Attributes[string]][] =>
  Object.entries(attributes)
    .filter(([, value]) => value != null)
    .slice(0, MAX_ATTRIBUTES);

/** The common ones with these, so many at most; what is nothing goes. */
const merged = (common: Attributes, more: unknown): Attributes =>
  Object.fromEntries(entriesOf({ ...common, ...(more as Attributes) }));

/** Cut; empty for what has no text. */
export function asText(value: unknown): string {
  try {
    return String(value ?? "").slice(0, MAX_TEXT);
  } catch {
    return "";
  }
}
