// From what the page's own code says to what the engine takes: attributes as
// numbers and texts, a person as a hash, an error with what led to it.

import { withCauses } from "./causes.js";
import { tell } from "./gate.js";
import { Kind } from "./input.js";
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

/** Tells the engine the inputs of one page; later what it has to find out. */
export function translator(tellLater: (input: Input) => void): (input: Input) => void {
  /** What everything has. */
  const common: { [key: string]: Attributes[string] } = {};
  const ended = new WeakSet<object>();

  const translate = ([kind, numbers, texts = [], url = ""]: Input): void => {
    const count = TEXTS[kind];
    if (kind === Kind.Navigation) return;
    if (kind === Kind.User) return void identify(texts[0]);
    let attributes: Attributes;
    let own: string[] = [];
    const all: number[] = [];
    if (kind === Kind.Attributes) attributes = merged(common, texts[0]);
    else {
      if (!count) return void tell(kind, numbers, texts.map(asText));
      attributes = (texts[count] ?? {}) as Attributes;
      own = [url, ...texts.slice(0, count).map(asText)];
      all.push(...numbers);
      if (kind === Kind.Thrown) {
        // A page that was left left no value.
        const error = texts[count + 1];
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
  const lines = Object.entries(_debugIds ?? {}).flatMap(([of, id]) => {
    if (!scripts.has(of)) scripts.set(of, /https?:\/\/[^\s)]+?(?=:\d+:\d)/.exec(of)?.[0]);
    const url = scripts.get(of);
    return url && stack.includes(url) ? `${id} ${url}` : [];
  });
  return lines.join("\n") || undefined;
}
/** The script's URL in each such stack: as many as the page has scripts. */
const scripts = new Map<string, string | undefined>();

const MAX_ATTRIBUTES = 32;

/** Those that are something, so many at most; none if a getter throws. */
function entriesOf(attributes: Attributes): [string, unknown][] {
  try {
    const all = Object.entries(attributes);
    return all.filter(([, value]) => value !== undefined).slice(0, MAX_ATTRIBUTES);
  } catch {
    return [];
  }
}

/** The common ones with these; what is undefined goes. */
function merged(common: { [key: string]: Attributes[string] }, more: unknown): Attributes {
  try {
    for (const [key, value] of Object.entries(more ?? {})) {
      if (value === undefined) delete common[key];
      else common[key] = value;
    }
  } catch {
    // A getter of the page's own threw.
  }
  return common;
}

/** Cut; empty for what has no text. */
export function asText(value: unknown): string {
  try {
    return String(value ?? "").slice(0, MAX_TEXT);
  } catch {
    return "";
  }
}
