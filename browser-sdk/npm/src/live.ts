// A handle that is there from the beginning: each call goes to the page's handle
// of that moment, or nowhere.

import { current } from "./handle.js";
import type { Handle, Span } from "./options.js";

const NO_SPAN: Span = { traceparent: "", setAttributes() {}, end() {} };

export const live: Handle = {
  captureException: (...args) => current()?.captureException(...args),
  addEvent: (...args) => current()?.addEvent(...args),
  startSpan: (...args) => current()?.startSpan(...args) ?? NO_SPAN,
  startNavigation: (url) => current()?.startNavigation(url),
  setAttributes: (attributes) => current()?.setAttributes(attributes),
  setUser: (id) => current()?.setUser(id),
  setConsent: (consent) => current()?.setConsent(consent),
  flush: async () => current()?.flush(),
  shutdown: () => current()?.shutdown(),
};
