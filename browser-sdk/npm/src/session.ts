// The session's storage, shared by the tabs of an origin, and what the browser says
// of itself. How long a session lasts, and what an attribute may be, the engine knows.

import { ask, tell } from "./gate.js";
import { Kind } from "./input.js";
import { SESSION } from "./left.js";
import type { Tracer } from "./trace.js";
import { supports } from "./vitals.js";

/** The storage is read and written at most so often. */
const INTERVAL_MS = 5000;

interface Client extends Navigator {
  userAgentData?: { brands: { brand: string; version: string }[]; platform: string; mobile: boolean };
  connection?: { effectiveType?: string };
}

/** Tells the engine of the device; gives back what is to be called when
 * something happens: it goes on with the session, or with the next one. */
export function watchSession(persist: boolean, tracer: Tracer): () => void {
  const client = navigator as Client;
  const agent = client.userAgentData;
  tell(
    Kind.Device,
    [agent ? +agent.mobile : 2, +!supports("layout-shift")],
    [
      agent ? agent.brands.map(({ brand, version }) => `${brand} ${version}`).join("\n") : "",
      agent?.platform ?? "",
      client.language,
      agent ? "" : client.userAgent,
      client.connection?.effectiveType ?? "",
    ],
  );

  let stored = "";
  let joinedMs = -Infinity;
  return () => {
    const nowMs = Date.now();
    if (Math.abs(nowMs - joinedMs) < INTERVAL_MS) return;
    joinedMs = nowMs;
    try {
      // Without storage it lasts as long as the page.
      if (persist) stored = localStorage.getItem(SESSION) ?? stored;
    } catch {}
    const [id = "", startMs, lastMs, chance] = stored.split(" ");
    const entropy = crypto.getRandomValues(new Uint8Array(16));
    const [joined] = ask(
      Kind.Session,
      [nowMs, Number(startMs), Number(lastMs), ...entropy],
      [id],
    );
    const isNew = joined !== id;
    // One that is over lends its number to no other; the page may have one already.
    if (!isNew) tracer.session = +chance! || tracer.session;
    else if (tracer.session === +chance!) tracer.session = Math.random();
    stored = [joined, isNew ? nowMs : startMs, nowMs, tracer.session].join(" ");
    try {
      if (persist) localStorage.setItem(SESSION, stored);
    } catch {}
  };
}
