// The eager part: hooks the page, and keeps what it sees until the engine is
// there. Importing it does nothing; `init` does.

import { describe, watchErrors } from "./errors.js";
import { watchFetch } from "./fetch.js";
import { Kind } from "./input.js";
import { leave } from "./left.js";
import { type Loader, MAX_INPUTS, type Record, type Running } from "./loader.js";
import type { Handle, Options } from "./options.js";
import { type Tracer, newTraceparent, propagation } from "./trace.js";
import { watchXhr } from "./xhr.js";

export type { Handle, Options };

/** Where a page keeps its one handle, also across copies of this module. */
const SLOT = Symbol.for("sightline.browser");
/** The engine is loaded when the page is idle after its load, or at last so
 * long after `init`. */
const LAST_LOAD_MS = 3000;

/** Starts measuring the page. Call it as early as possible, once: a second
 * call warns and gives back the first one's handle. On a server it does
 * nothing. Never throws. */
export function init(options: Options): Handle {
  if (typeof document === "undefined") {
    return { captureException() {}, flush: async () => {}, shutdown() {} };
  }
  const slots = globalThis as unknown as { [SLOT]?: Handle | null | undefined };
  if (slots[SLOT]) {
    console.warn("Sightline: init() was called before; the first call counts.");
    return slots[SLOT];
  }

  const off = new AbortController();
  const { signal } = off;
  let engine: Promise<Running | undefined> | undefined;
  let running: Running | undefined;
  let left: (() => boolean) | undefined;
  let lastThrown = "";

  const given: Partial<Options> = options ?? {};
  const native = window.fetch;
  const loader: Loader = {
    options,
    signal,
    nativeFetch: (...args) => native.apply(window, args),
    inputs: [],
    lost: 0,
    repeated: 0,
    hiddenMs:
      // Null where an engine ran before: it has told of the load.
      slots[SLOT] === null
        ? -1
        : document.visibilityState === "hidden" && !isPrerendering()
          ? 0
          : Infinity,
    takeBack() {
      if (left && !left()) {
        loader.inputs.length = loader.lost = loader.repeated = 0;
        loader.hiddenMs = -1;
      }
      left = undefined;
    },
    observer: undefined,
    entries: [],
    fail(error) {
      // A policy that forbids wasm, or a defect: the page goes on without us.
      console.debug("Sightline is off:", error);
      stop();
    },
  };

  const record: Record = (...input) => {
    if (signal.aborted) return;
    if (running) return running.record(input);
    // A storm of one error may not crowd out the rest.
    const told = input[0] === Kind.Thrown ? input[2]!.join() : "";
    if (told && told === lastThrown) loader.repeated++;
    else if (loader.inputs.length < MAX_INPUTS) loader.inputs.push(input);
    else loader.lost++;
    lastThrown = told || lastThrown;
  };
  const start = async () => {
    try {
      const module = await import("./engine.js");
      const started = signal.aborted ? undefined : await module.start(loader);
      if (signal.aborted || !started) return;
      // What came since the engine took the first ones.
      for (const input of loader.inputs.splice(0)) started.record(input);
      return (running = started);
    } catch (error) {
      loader.fail(error);
    }
    return;
  };
  const load = () => (signal.aborted ? engine : (engine ??= start()));
  const hide = (event: Event) => {
    if (document.visibilityState !== "hidden" && event.type !== "pagehide") return;
    loader.hiddenMs = Math.min(loader.hiddenMs, event.timeStamp);
    if (isPrerendering()) return;
    if (running) running.hide();
    else {
      load();
      if (event.type === "pagehide") left = leave(loader, event.timeStamp);
    }
  };
  function stop() {
    if (signal.aborted) return;
    off.abort();
    slots[SLOT] = running && null;
    loader.inputs.length = loader.entries.length = 0;
  }
  const listen = (type: string, listener: (event: Event) => void) =>
    addEventListener(type, listener, { capture: true, signal });

  const handle: Handle = {
    captureException: (error) =>
      record(Kind.Thrown, [performance.now()], [...describe(error), location.href]),
    flush: async () => (await load())?.flush(),
    shutdown() {
      running?.hide();
      stop();
    },
  };
  try {
    slots[SLOT] = handle;
    const ratio = given.sampleRatio;
    const share = typeof ratio === "number" && ratio >= 0 && ratio <= 1 ? ratio : 1;
    watchErrors(record, signal);
    const tracer: Tracer = {
      start: () => newTraceparent(share),
      allows: propagation(given.propagateTo),
    };
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
    if (!globalThis.PerformanceObserver) return;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (loader.drain || loader.entries.length < MAX_INPUTS) loader.entries.push(entry);
        else loader.lost++;
      }
      loader.drain?.();
    });
    if (PerformanceObserver.supportedEntryTypes?.includes("event")) {
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
