// A handle that is there from the beginning: each call goes to the page's handle
// of that moment, or nowhere.

import { current } from "./handle.js";
import type { Handle } from "./options.js";

export const live: Handle = {
  captureException: (...args) => current()?.captureException(...args),
  flush: async () => current()?.flush(),
  shutdown: () => current()?.shutdown(),
};
