// A page that is left before its engine is there leaves what it saw in storage,
// URLs without what may be secret in them; the next page's engine makes records of
// it, and redacts them. This is the eager side.

import type { Navigation } from "./engine.js";
import { Kind } from "./input.js";
import type { Loader } from "./loader.js";

/** The session that tabs share: id, start, last activity, its number for sampling. */
export const SESSION = "sightline.session";
/** Without activity for so long it is over (`session_id.rs`). */
export const MAX_IDLE_MS = 1800e3;
/** With the version of the format. */
export const LEFT_PREFIX = "sightline.0.1.";

/** What such a page leaves: when it was left, its navigation entry, unless its load
 * has been told, and the inputs. Its name ends with `performance.timeOrigin`. */
export type Left = [
  leftMs: number,
  navigation: Navigation | undefined,
  inputs: Loader["inputs"],
];

/** So many pages' at most, as long as none comes that makes records of them. */
const MAX_LEFT = 8;
const MAX_LENGTH = 1 << 16;

/** Of every URL in a text, what may be secret is not stored: user and password,
 * query, fragment. What a stack has behind them, line and column, stays. */
const SECRETS = /(\/\/)[^\s/?#]*@|(\/[^\s?#]*)([?#]\S*?(?=(:\d+:\d+)?\)?(\s|$)))?/g;
/** Attributes that are not stored: all whose values the engine would redact for
 * their keys, and some more. */
const SECRET_KEYS = /token|secret|p(ass)?w|key$|auth|signature|session/i;
const strip = (key: string, value: unknown) =>
  SECRET_KEYS.test(key)
    ? undefined
    : typeof value === "string"
      ? value.replace(SECRETS, "$1$2")
      : (value ?? null);

export const namesOf = (prefix: string): string[] =>
  Object.keys(localStorage).filter((name) => name.startsWith(prefix));

/** Takes everything of ours out of storage. */
export function forget(): void {
  try {
    for (const name of namesOf("sightline.")) localStorage.removeItem(name);
  } catch {
    // There is none.
  }
}

/** Leaves it, if there is room. Gives back its name, should the page come back
 * from the back/forward cache. */
export function leave(loader: Loader, leftMs: number): string | undefined {
  try {
    if (namesOf(LEFT_PREFIX).length >= MAX_LEFT) return;
    const name = LEFT_PREFIX + performance.timeOrigin;
    const { lost, repeated } = loader;
    // Whose page it is stays on the page.
    const inputs = loader.inputs.filter(([kind]) => kind !== Kind.User);
    // As many as there is room for; the others are counted.
    let count = inputs.length;
    const left = (): Left => [
      leftMs,
      // None where the load has been told: there is only one.
      performance.getEntriesByType("navigation")[+(loader.hiddenMs < 0)] as Navigation | undefined,
      [...inputs.slice(0, count), [Kind.Lost, [lost + inputs.length - count, repeated]]],
    ];
    let text: string;
    while ((text = JSON.stringify(left(), strip)).length > MAX_LENGTH && count) count >>= 1;
    localStorage.setItem(name, text);
    return name;
  } catch {
    // There is no storage.
  }
  return;
}
