// The eager part: hooks the page, and keeps what it sees until the engine is
// there. Importing it does nothing; `init` does.

import { telling, watchErrors } from "./errors.js";
import { watchFetch } from "./fetch.js";
import { SLOT } from "./handle.js";
import { Kind } from "./input.js";
import { forget, leave, SESSION } from "./left.js";
import { DENIED, type Loader, MAX_INPUTS, type Record } from "./loader.js";
import type { Attributes, Handle, Options, Span } from "./options.js";
import { childOf, newTraceparent, propagation } from "./trace.js";
import { watchXhr } from "./xhr.js";

export type { Attributes, Handle, Options, Span };

interface Objecting extends Navigator {
  globalPrivacyControl?: boolean;
}

/** The engine is loaded when the page is idle after its load, or at last so
 * long after `init`. */
const LAST_LOAD_MS = 3000;

/** Starts measuring the page. Call it as early as possible, once: a second
 * call warns and gives back the first one's handle. On a server, and where the
 * person refuses, neither it nor its handle do anything. Never throws. */
export function init(options: Options): Handle {
  const slots = globalThis as unknown as { [SLOT]?: Handle | null | undefined };
  if (slots[SLOT]) {
    console.warn("Sightline: init() was called before.");
    return slots[SLOT];
  }

  const off = new AbortController();
  const { signal } = off;
  let engine: Promise<void> | undefined;
  let left: (() => boolean) | undefined;
  let lastThrown = "";

  const given: Partial<Options> = options ?? {};
  const ratio = given.sampleRatio;
  const share = typeof ratio === "number" && ratio >= 0 && ratio <= 1 ? ratio : 1;
  let isPending = given.consent === "pending";
  const isServer = typeof document === "undefined";
  if (
    isServer ||
    given.consent === DENIED ||
    (given.doNotTrack && ((navigator as Objecting).globalPrivacyControl || navigator.doNotTrack === "1"))
  ) {
    off.abort();
  }

  const native = globalThis.fetch;
  const loader: Loader = {
    given: given as Options,
    signal,
    nativeFetch: (...args) => native.apply(globalThis, args),
    tracer: {
      session: Math.random(),
      start(parent = tracer.current?.() ?? "") {
        return [parent ? childOf(parent) : newTraceparent(share, tracer), parent];
      },
      allows: propagation(given.propagateTo),
    },
    inputs: [],
    lost: 0,
    repeated: 0,
    // Null where an engine ran before: it has told of the load.
    hiddenMs: slots[SLOT] === null ? -1 : Infinity,
    takeBack() {
      if (left && !left()) {
        loader.inputs.length = loader.lost = loader.repeated = 0;
        loader.hiddenMs = -1;
      }
      left = undefined;
    },
    observer: undefined,
    observed: [],
    fail(error) {
      // A policy that forbids wasm, or a defect: the page goes on without us.
      if (!signal.aborted) console.debug("Sightline is off:", error);
      stop();
    },
  };

  const { tracer } = loader;
  const record: Record = (...input) => {
    if (signal.aborted) return;
    input[3] = location.href;
    if (loader.running) return loader.running.record(input);
    // A storm of one error may not crowd out the rest.
    const told = input[0] === Kind.Thrown ? input[2]!.slice(0, 3).join() : "";
    if (told && told === lastThrown) loader.repeated++;
    else if (loader.inputs.length < MAX_INPUTS) loader.inputs.push(input);
    else loader.lost++;
    lastThrown = told || lastThrown;
  };
  const load = async () => {
    if (!signal.aborted && !isPending) engine ??= import("./engine.js").then(({ start }) => start(loader));
    await engine?.catch(loader.fail);
  };
  const hide = (event: Event) => {
    if (document.visibilityState !== "hidden" && event.type !== "pagehide") return;
    loader.hiddenMs = Math.min(loader.hiddenMs, event.timeStamp);
    if (isPrerendering()) return;
    if (loader.running) loader.running.hide();
    else {
      load();
      if (event.type === "pagehide" && !isPending) left = leave(loader, event.timeStamp);
    }
  };
  function stop(why?: string) {
    if (signal.aborted) return;
    off.abort(why);
    slots[SLOT] = loader.running && null;
    loader.inputs.length = loader.observed.length = 0;
  }
  const listen = (type: string, listener: (event: Event) => void) =>
    addEventListener(type, listener, { capture: true, signal });

  const tell = telling(record, tracer);
  const later = (kind: Kind) => (what?: unknown, attributes?: Attributes) =>
    record(kind, [performance.now(), 0], [what, { ...attributes }]);
  const handle: Handle = {
    captureException: (error, attributes) => tell(error, "captured", performance.now(), attributes),
    addEvent: later(Kind.CustomEvent),
    startSpan(name, attributes, parent) {
      const startMs = performance.now();
      const [traceparent, above] = tracer.start(parent?.traceparent);
      const all = { ...attributes };
      return {
        traceparent,
        setAttributes: (more) => Object.assign(all, more),
        end: () => record(Kind.Span, [startMs, performance.now()], [traceparent, above, name, all]),
      };
    },
    startNavigation: later(Kind.Navigation),
    setAttributes: later(Kind.Attributes),
    setUser: later(Kind.User),
    setConsent(consent) {
      if (consent !== "granted") {
        stop(DENIED);
        forget();
      } else if (!signal.aborted) {
        isPending = false;
        whenIdle();
      }
    },
    async flush() {
      await load();
      await loader.running?.flush();
    },
    shutdown() {
      loader.running?.hide();
      stop();
    },
  };
  if (signal.aborted) return handle;
  try {
    slots[SLOT] = handle;
    if (document.visibilityState === "hidden" && !isPrerendering()) {
      loader.hiddenMs = Math.min(loader.hiddenMs, 0);
    }
    if (share < 1 && !isPending && given.persist !== false) {
      try {
        tracer.session = +localStorage.getItem(SESSION)?.split(" ")[3]! || tracer.session;
      } catch {
        // There is no storage.
      }
    }
    watchErrors(tell, signal);
    watchFetch(record, tracer, signal);
    watchXhr(record, tracer, signal);
    listen("visibilitychange", hide);
    listen("pagehide", hide);
    listen("pageshow", loader.takeBack);
    watchEvents();
    whenIdle();
  } catch (error) {
    loader.fail(error);
  }
  return handle;

  /** Interactions from now on: the browser keeps only the slowest for later. */
  function watchEvents() {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (loader.drain || loader.observed.length < MAX_INPUTS) loader.observed.push(entry);
        else loader.lost++;
      }
      loader.drain?.();
    });
    if (PerformanceObserver.supportedEntryTypes.includes("event")) {
      const wanted = { type: "event", buffered: loader.hiddenMs >= 0, durationThreshold: 40 };
      observer.observe(wanted);
    }
    loader.observer = observer;
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Loads the engine off the critical path. */
  function whenIdle() {
    if (isPrerendering()) return listen("prerenderingchange", whenIdle);
    // Not after the load event: a page may be left by then.
    if ("requestIdleCallback" in globalThis) requestIdleCallback(load, { timeout: LAST_LOAD_MS });
    else setTimeout(load, 200);
  }
}

function isPrerendering(): boolean {
  return !!(document as { prerendering?: boolean }).prerendering;
}
