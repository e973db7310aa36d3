// From what the page's own code says to what the engine takes: attributes as
// numbers and texts, a person as a hash, an error with what led to it.

import { withCauses } from "./causes.js";
import { tell } from "./gate.js";
import { Kind } from "./input.js";
import type { Input } from "./loader.js";
import type { Attributes } from "./options.js";

/** Longer texts are cut before they cross to the engine, which cuts them again. */
const MAX_TEXT = 16384;
/** How many texts come before the attributes; the address before them. */
const TEXTS: { [kind: number]: number } = {
  [Kind.Thrown]: 5,
  [Kind.CustomEvent]: 1,
  [Kind.Span]: 3,
};

/** Tells the engine the inputs of one page. */
export function translator(): (input: Input) => void {
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
    if (kind === Kind.Attributes) attributes = Object.assign(common, texts[0]);
    else {
      if (!count) return void tell(kind, numbers, texts.map(asText));
      attributes = (texts[count] ?? {}) as Attributes;
      own = [url, ...texts.slice(0, count).map(asText)];
      all.push(...numbers);
      if (kind === Kind.Thrown) {
        own[3] = withCauses(own[3]!, texts[count + 1]);
        attributes = { "sightline.debug_ids": debugIds(own[3]), ...attributes };
      }
      if (kind === Kind.CustomEvent && all.length < 2) all.push(0);
      // A span ends once.
      if (kind === Kind.Span) {
        if (ended.has(attributes)) return;
        ended.add(attributes);
      }
    }
    for (const [key, value] of Object.entries(attributes)) {
      // A conversion of the page's own might throw.
      all.push(typeof value === "object" || typeof value === "symbol" ? NaN : Number(value));
      own.push((typeof value)[0] + key, asText(value));
    }
    tell(kind, all, own.map((text) => text.slice(0, MAX_TEXT)));
  };
  const identify = async (id: unknown) => {
    try {
      const bytes = new TextEncoder().encode(asText(id));
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      let digits = "";
      for (const byte of id ? hash : []) digits += (byte + 256).toString(16).slice(1);
      translate([Kind.Attributes, [], [{ "user.hash": digits || undefined }]]);
    } catch {
      // No hash where the page is not secure, and then nobody.
    }
  };
  return translate;
}

/** Of the scripts in a stack those whose build gave them a debug id, each with it:
 * bundlers leave there the id of each script by a stack of its own. */
function debugIds(stack: string): string | undefined {
  const { _debugIds } = globalThis as { _debugIds?: { [stack: string]: string } };
  const lines = Object.entries(_debugIds ?? {}).flatMap(([of, id]) => {
    const url = /https?:\/\/[^\s)]+?(?=:\d+:\d)/.exec(of)?.[0];
    return url && stack.includes(url) ? `${id} ${url}` : [];
  });
  return lines.join("\n") || undefined;
}

/** What has no text has an empty one. */
function asText(value: unknown): string {
  try {
    return String(value ?? "");
  } catch {
    return "";
  }
}
