// Values of the page's own, as what they are when they are told: they may change
// later, hold whatever they like, and throw when they are looked at.

import type { Attributes } from "./options.js";

/** Longer texts are cut; the engine cuts them again, once they are redacted. */
const MAX_TEXT = 1 << 16;

/** Of an object, or a list, the numbers, truth values, and all else as texts. None
 * if a getter throws. Never throws. */
export function plain(values: object | null | undefined): { [key: string]: Attributes[string] } {
  const copy: ReturnType<typeof plain> = {};
  try {
    for (const [key, value] of Object.entries(values ?? {})) {
      const isPlain = value == null || typeof value === "number" || value === !!value;
      copy[key] = isPlain ? value : String(value).slice(0, MAX_TEXT);
    }
  } catch {
    // The page's own code threw.
  }
  return copy;
}
