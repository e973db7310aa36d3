// The eager part: hooks the page, and keeps what it sees until the engine is
// there. Importing it does nothing; `init` does.

// In this order they take the fewest bytes once they are compressed.
import { DENIED, GRANTED, type Loader, MAX_INPUTS, type Record } from "./loader.js";
import { forget, leave, MAX_IDLE_MS, SESSION } from "./left.js";
import { childOf, newTraceparent, propagation, TRACEPARENT } from "./trace.js";
import { plain } from "./plain.js";
import { watchXhr } from "./xhr.js";
import { describe, watchErrors } from "./errors.js";
import { Kind, Source } from "./input.js";
import { SLOT } from "./handle.js";
import { watchFetch } from "./fetch.js";
import type { Attributes, Handle, Options, Span } from "./options.js";

export type { Attributes, Handle, Options, Span };

declare global {
  interface Document {
    prerendering?: boolean;
  }
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
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
    console.warn("Sightline: init() again");
    return slots[SLOT];
  }

  const off = new AbortController();
  const { signal } = off;
  let engine: Promise<void> | undefined;
  let left: string | undefined;
  let lastThrown: string | undefined;

  const given: Partial<Options> = options ?? {};
  const ratio = given.sampleRatio;
  const share = typeof ratio === "number" && ratio >= 0 && ratio <= 1 ? ratio : 1;
  const persists = given.persist !== false;
  // What is no answer is none yet.
  let isPending = (given.consent ?? GRANTED) !== GRANTED;

  const loader: Loader = {
    given: given as Options,
    signal,
    nativeFetch: globalThis.fetch?.bind(globalThis),
    tracer: {
      session: Math.random(),
      start(parent = tracer.current?.()) {
        return TRACEPARENT.test(parent!)
          ? [childOf(parent!), parent!]
          : [newTraceparent(share, tracer), ""];
      },
      allows: propagation(given.propagateTo),
    },
    inputs: [],
    lost: 0,
    repeated: 0,
    // Null where an engine ran before: it has told of the load.
    hiddenMs: slots[SLOT] === null ? -1 : Infinity,
    takeBack() {
      if (!left) return;
      if (!(left in localStorage)) {
        loader.inputs.length = loader.lost = loader.repeated = 0;
        loader.hiddenMs = -1;
      }
      localStorage.removeItem(left);
      left = "";
    },
    observed: [],
    fail(error) {
      // A policy that forbids wasm, or a defect: the page goes on without us.
      if (!signal.aborted) console.debug("Sightline:", error);
      stop();
    },
  };

  const { tracer } = loader;
  const record: Record = (...input) => {
    if (signal.aborted) return;
    input[3] = location.href;
    if (loader.running) return loader.running.record(input);
    // A storm may not crowd out what has no time: it is said of all that follows.
    if (loader.inputs.length < MAX_INPUTS << +!input[1].length) loader.inputs.push(input);
    else loader.lost++;
  };
  const load = async () => {
    if (!signal.aborted && !isPending) {
      engine ??= import("./engine.js").then((engine) => engine.start(loader)).catch(loader.fail);
    }
    await engine;
  };
  const hide = ({ type, timeStamp }: Partial<Event> & Pick<Event, "timeStamp">) => {
    const isLeft = type === "pagehide";
    if (document.prerendering || (!document.hidden && !isLeft)) return;
    loader.hiddenMs = Math.min(loader.hiddenMs, timeStamp);
    if (loader.running) loader.running.hide();
    else {
      load();
      if (isLeft && !isPending && persists) left = leave(loader, timeStamp);
    }
  };
  function stop(why?: string) {
    if (signal.aborted) return;
    off.abort(why);
    slots[SLOT] = loader.running && null;
    loader.inputs.length = loader.observed.length = 0;
  }
  function deny() {
    stop(DENIED);
    forget();
  }
  /** Goes on with the number of the session that goes on, where it matters. */
  function join() {
    if (share === 1 || !persists) return;
    try {
      const [, , lastMs, number] = localStorage.getItem(SESSION)!.split(" ");
      if (Date.now() - +lastMs! < MAX_IDLE_MS) tracer.session = +number! || tracer.session;
    } catch {
      // There is none, or no storage.
    }
  }
  const listen = (type: string, listener: (event: Event) => void) =>
    addEventListener(type, listener, { capture: true, signal });

  const tell = (error: unknown, source: Source, attributes?: Attributes) => {
    const texts = describe(error);
    const told = texts.join();
    // Nor may one of one error crowd out the rest.
    if (told === lastThrown && !loader.running) loader.repeated++;
    else {
      const more = [source, tracer.current?.(), plain(attributes), () => error];
      record(Kind.Thrown, [performance.now()], [...texts, ...more]);
    }
    lastThrown = told;
  };
  const later = (kind: Kind) => (what?: unknown, attributes?: Attributes) =>
    record(kind, [performance.now(), 0], [plain([what])[0], plain(attributes)]);
  const handle: Handle = {
    captureException: (error, attributes) => tell(error, Source.Captured, attributes),
    addEvent: later(Kind.CustomEvent),
    startSpan(name, attributes, parent) {
      const startMs = performance.now();
      const [traceparent, above] = tracer.start(plain(parent).traceparent as string | undefined);
      const all = plain(attributes);
      return {
        traceparent,
        setAttributes: (more) => Object.assign(all, plain(more)),
        end: () => record(Kind.Span, [startMs, performance.now()], [traceparent, above, plain([name])[0], all]),
      };
    },
    startNavigation: later(Kind.Navigation),
    setAttributes: (attributes) => record(Kind.Attributes, [], [plain(attributes)]),
    setUser: (id) => record(Kind.User, [], [plain([id])]),
    setConsent(consent) {
      if (consent !== GRANTED) deny();
      else if (isPending) {
        isPending = false;
        join();
        whenIdle();
      }
    },
    flush: () => load().then(() => loader.running?.flush()),
    shutdown() {
      loader.running?.hide();
      stop();
    },
  };
  if (typeof document === "undefined") off.abort();
  else if (
    given.consent === DENIED ||
    (given.doNotTrack && (navigator.globalPrivacyControl || +navigator.doNotTrack! > 0))
  ) {
    deny();
  }
  if (signal.aborted) return handle;
  try {
    slots[SLOT] = handle;
    if (!isPending) join();
    watchErrors(tell, listen);
    watchFetch(record, tracer, signal);
    watchXhr(record, tracer, signal);
    listen("visibilitychange", hide);
    listen("pagehide", hide);
    listen("pageshow", loader.takeBack);

    // Interactions from now on: the browser keeps only the slowest for later.
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

    whenIdle();
    hide({ timeStamp: 0 });
  } catch (error) {
    loader.fail(error);
  }
  return handle;

  /** Loads the engine off the critical path. */
  function whenIdle() {
    if (document.prerendering) return listen("prerenderingchange", whenIdle);
    // Not after the load event: a page may be left by then.
    globalThis.requestIdleCallback?.(load, { timeout: LAST_LOAD_MS }) ?? setTimeout(load, 200);
  }
}
