// Trace ids for requests that can't wait for the engine, and where they may be
// sent. The rules are core's (trace_context.rs, sampling.rs); a test compares.

/** A new W3C `traceparent` with random ids, kept for this share of traces. */
export function newTraceparent(ratio: number): string {
  let ids = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(24))) {
    ids += (byte + 256).toString(16).slice(1);
  }
  // The right-most 56 bits of the trace id decide, as everywhere else.
  const kept = BigInt(`0x${ids.slice(18, 32)}`) >= BigInt(Math.floor((1 - ratio) * 2 ** 56));
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-${kept ? "03" : "02"}`;
}

/** What the hooks of `fetch` and XHR need: a `traceparent` for each call, and
 * where it may go. */
export interface Tracer {
  start(): string;
  allows(url: URL): boolean;
}

/** An http(s) URL as the page would resolve it. */
export function parse(address: unknown): URL | undefined {
  try {
    if (typeof address !== "string" && !(address instanceof URL)) return;
    const url = new URL(address, document.baseURI);
    return url.protocol.startsWith("http") ? url : undefined;
  } catch {
    return;
  }
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
        : url.origin === rule.origin && url.pathname.startsWith(rule.pathname),
    );
}
