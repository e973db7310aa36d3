// Posts the engine's batches. What waits, how much and for how long is the
// engine's to know; answers are read so that the keepalive quota is freed.

import { rejected, retryAfter } from "./answer.js";
import { type Batch, Need, nextBatch, restore, tell, waiting } from "./gate.js";
import { Kind, SIGNALS } from "./input.js";
import { DENIED, type Loader } from "./loader.js";
import type { Resolved } from "./resolve.js";
import { storage } from "./storage.js";

const INTERVAL_MS = 5000;
/** A batch is full at 28 KiB: no need to wait then. */
const FULL_BYTES = 24 * 1024;
/** More than this goes to storage while the collector does not take it. */
const MAX_WAITING_BYTES = 64 * 1024;
/** An answer that takes longer is none. */
const TIMEOUT_MS = 30000;
/** So much may be lost when the renderer crashes. */
const NET_MS = 500;
/** In place of a status: the batch lies in storage, or found no room there. */
const KEPT = 1;
const NOT_KEPT = 2;
/** The page's own code has dropped all of it: no collector was asked. */
const WITHHELD = 3;

declare global {
  /** Sends when the page is gone, however it went. Chromium 135. */
  var fetchLater: ((url: string, init: RequestInit) => unknown) | undefined;
}

export interface Delivery {
  /** The engine knows the page: has it leave words for the case that it breaks. */
  begun(): void;
  /** Sends what earlier pages left. */
  recover(): void;
  /** Something may wait: sends it within the interval. */
  schedule(): void;
  /** Sends, as far as there is need. */
  deliver(need: Need): void;
  /** The engine is broken: says so, in the words that it left. */
  broke(): void;
  /** Done when all that is on its way is answered. */
  settled(): Promise<void>;
}

/** Edits a request of a signal: its new body, empty if nothing is left of it, and
 * how many records were dropped. */
export type Edit = (signal: number, body: Batch["body"]) => [body: Batch["body"], dropped: number];

export function delivery(
  { endpoint, compress, persist }: Resolved,
  { nativeFetch, signal: off }: Loader,
  guard: (run: () => void) => void,
  edit: Edit = (_, body) => [body, 0],
): Delivery {
  const onTheirWay = new Set<Promise<void>>();
  const kept = persist ? storage((records) => tell(Kind.Lost, [0, 0, records])) : undefined;
  let lastWords: Batch["body"] | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let netTimer: ReturnType<typeof setTimeout> | undefined;
  let net: AbortController | undefined;
  /** What it holds. */
  let netBytes = 0;
  let isFailing = false;
  /** Not asked again before something was delivered. */
  let isFull = false;

  const request = (body: BodyInit & Uint8Array): RequestInit => ({
    method: "POST",
    body,
    headers: {
      "content-type": "application/x-protobuf",
      // No OTLP body begins like gzip.
      ...(body[0] === 0x1f && { "content-encoding": "gzip" }),
    },
    keepalive: true,
  });
  const url = (signal: number) => `${endpoint}/v1/${SIGNALS[signal]}`;

  const schedule = () => {
    const bytes = off.aborted ? 0 : waiting();
    if (bytes >= FULL_BYTES) deliver(Need.InTime);
    if (!bytes) return;
    if (globalThis.fetchLater && bytes !== netBytes) netTimer ??= setTimeout(() => guard(cast), NET_MS);
    timer ??= setTimeout(
      () =>
        guard(() => {
          timer = undefined;
          deliver(Need.InTime);
          schedule();
        }),
      INTERVAL_MS,
    );
  };
  /** Has the browser send what waits should the page end without a word. */
  const cast = () => {
    lift();
    net = new AbortController();
    netBytes = waiting();
    for (const signal of SIGNALS.keys()) {
      const [body] = edit(signal, nextBatch(Need.PreviewLogs + signal, compress)!.body);
      try {
        if (body.length) fetchLater!(url(signal), { ...request(body), signal: net.signal });
      } catch {
        // The page has no quota left for it.
      }
    }
  };
  /** What it holds is sent, or kept, now. */
  const lift = () => {
    clearTimeout(netTimer);
    netTimer = undefined;
    netBytes = 0;
    net?.abort();
  };
  const deliver = (need: Need) => {
    const leaving = need === Need.Leaving;
    // A second time for what the first left to tell of it.
    for (let times = leaving ? 2 : 1; times--; ) {
      if (navigator.onLine || need === Need.Now) send(leaving && !kept ? Need.Now : need);
      if (kept && (leaving || (!isFull && waiting() > MAX_WAITING_BYTES))) keep(leaving);
    }
  };
  const send = (need: Need) => {
    let batch: Batch | undefined;
    while ((batch = nextBatch(need, compress))) {
      lift();
      post(batch);
    }
  };
  const keep = (leaving: boolean): unknown => {
    let batch: Batch | undefined;
    while ((batch = nextBatch(Need.Keep, compress))) {
      lift();
      if (kept!.keep(batch)) settle(batch.id, KEPT);
      else if (leaving) post(batch);
      else {
        isFull = true;
        return settle(batch.id, NOT_KEPT);
      }
    }
  };
  const settle = (id: number, status: number, retryAfterMs = NaN, rejected = 0) =>
    tell(Kind.Settled, [id, status, performance.now(), retryAfterMs, Math.random(), rejected]);
  const post = ({ id, signal, body }: Batch) => {
    const [edited, dropped] = edit(signal, body);
    if (!edited.length) return settle(id, WITHHELD);
    const done = nativeFetch(url(signal), {
      ...request(edited),
      ...(AbortSignal.timeout && { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    })
      .then(async (answer) => {
        const body = new Uint8Array(await answer.arrayBuffer());
        return [answer.status, retryAfter(answer), rejected(body)];
      })
      .catch(() => [0])
      .then(([status, retryAfterMs, rejected]) => {
        onTheirWay.delete(done);
        guard(() => {
          settle(id, status!, retryAfterMs, rejected! + dropped);
          isFailing = !status || status > 299;
          isFull &&= isFailing;
          // Nobody may come back to try again.
          if (document.visibilityState === "hidden" && kept && isFailing) keep(false);
          recover();
          send(Need.Ready);
          schedule();
        });
      });
    onTheirWay.add(done);
  };
  /** Sends what earlier pages left, two batches at a time. */
  const recover = () => {
    const isWanted = () => !isFailing && !off.aborted && navigator.onLine;
    if (!isWanted()) return;
    kept?.take(isWanted, (batch) =>
      guard(() => {
        restore(batch);
        send(Need.Ready);
      }),
    );
  };
  const onBack = ({ type }: Event) =>
    guard(() => {
      const isOnline = type === "online";
      if (isOnline) isFailing = false;
      else if (document.visibilityState === "hidden") return;
      recover();
      send(isOnline ? Need.Now : Need.Ready);
    });
  for (const type of ["online", "visibilitychange"]) {
    addEventListener(type, onBack, { signal: off });
  }
  off.addEventListener("abort", () => {
    clearTimeout(timer);
    clearTimeout(netTimer);
    if (off.reason === DENIED) net?.abort();
  });
  return {
    begun() {
      lastWords ??= edit(0, nextBatch(Need.LastWords, compress)!.body)[0];
    },
    recover() {
      recover();
      send(Need.Ready);
    },
    schedule,
    deliver,
    broke() {
      if (lastWords?.length) nativeFetch(url(0), request(lastWords)).catch(() => {});
    },
    async settled() {
      while (onTheirWay.size) await Promise.all(onTheirWay);
    },
  };
}
