// The page's one handle, for entries that must not load the eager part: what
// they hand on before `init`, after `shutdown` or on a server goes nowhere.

import type { Handle } from "./options.js";

/** Where `init` keeps it, also across copies of the package; null after a shutdown. */
export const SLOT = Symbol.for("sightline.browser");

/** The handle that `init` gave back, if the page has one now. */
export function current(): Handle | undefined {
  return (globalThis as { [SLOT]?: Handle | null })[SLOT] ?? undefined;
}
