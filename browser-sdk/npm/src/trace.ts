// Trace ids for requests that can't wait for the engine, whether their traces are
// sampled, and where they may be sent. The rules are core's (trace_context.rs,
// sampling.rs); a test compares.

/** Two digits for each byte. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
const random = (bytes: number): string => hex(crypto.getRandomValues(new Uint8Array(bytes)));

/** A new W3C `traceparent` with random ids. Sampled are those of a session whose
 * number, from 0 to 1, is in the upper share; its ids say the same: their
 * right-most 56 bits decide, as everywhere else. After an error all are. */
export function newTraceparent(share: number, { session, hasErred }: Tracer): string {
  const rest = 1 - share;
  const isKept = session >= rest;
  const chance = Math.random() * (isKept ? share : rest) + (isKept ? rest : 0);
  const digits = chance.toString(16).slice(2, 15).padEnd(14, "0");
  return `00-${random(9) + digits}-${random(8)}-${isKept || hasErred ? "03" : "02"}`;
}

/** One that means something; `start` takes no other. */
export const TRACEPARENT = /^00-(?!0+-)[\da-f-]{49}-\d\d$/;

/** A span of the same trace. */
export const childOf = (parent: string): string =>
  parent.slice(0, 36) + random(8) + parent.slice(52);

/** What the hooks of `fetch` and XHR need, and spans of the page's own. */
export interface Tracer {
  /** The `traceparent` of a new span, and that of its parent: this one, or what
   * leads to it now; empty without one. */
  start(parent?: string): [own: string, parent: string];
  /** The `traceparent` of what is going on; empty if nothing is. It goes on until a
   * request that has begun has ended, too. */
  current?: (begins?: boolean) => string;
  /** Whether it may go to this URL. */
  allows(url: URL): boolean;
  /** Of the session, from 0 to below 1; see `newTraceparent`. */
  session: number;
  hasErred?: boolean;
}

/** An http(s) URL as the page would resolve it. */
export function parse(address: unknown): URL | undefined {
  try {
    if (typeof address === "string" || address instanceof URL) {
      const url = new URL(address, document.baseURI);
      if (url.protocol.startsWith("http")) return url;
    }
  } catch {
    // None at all.
  }
  return;
}

/** Says of a URL whether `traceparent` may go there. */
export function propagation(allowed: unknown): (url: URL) => boolean {
  const rules: (URL | RegExp)[] = [];
  for (const rule of Array.isArray(allowed) ? allowed : []) {
    try {
      rules.push(rule instanceof RegExp ? rule : new URL(rule));
    } catch {
      // Named in the warning about options.
    }
  }
  return (url) =>
    url.origin === location.origin ||
    rules.some((rule) =>
      rule instanceof RegExp
        ? url.href.search(rule) >= 0
        : (url.origin + url.pathname).startsWith(rule.origin + rule.pathname),
    );
}
