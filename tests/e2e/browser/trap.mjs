// An engine that traps, at its first call of each kind: wasm of one instruction,
// `unreachable`, runs in its place. From then on the SDK is off: nothing calls
// the engine again, the page has the browser's own functions back, no listener
// and no timer stays, and the collector is told once.

import { scenario } from "./stage.mjs";

/** Which call traps, by `npm/src/input.ts`: its kind, and which of that kind. */
const CALLS = {
  FirstContentfulPaint: [0],
  LargestContentfulPaint: [1],
  FirstInput: [2],
  LayoutShift: [3],
  Event: [4],
  Thrown: [5],
  Fetched: [6],
  DocumentLoad: [7],
  Hidden: [8],
  Lost: [9],
  SoftNavigation: [11],
  Restored: [12],
  Repainted: [13],
  CustomEvent: [14],
  Span: [15],
  Attributes: [16],
  Breadcrumb: [17],
  Start: [32],
  Next: [33],
  "Next, the second": [33, 2],
  "Next, the third": [33, 3],
  Settled: [34],
  Phases: [35],
  Waiting: [36],
  Restore: [37],
  Device: [38],
  Session: [39],
};
/** Before the engine knows the service, and while it says its last words. */
const UNTOLD = ["Start", "Next"];

/** Runs in the page before all else. */
function watch(kind, nth) {
  const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11];
  const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code))).exports.f;
  window.trapped = false;
  window.callsAfter = 0;
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const { exports } = (await instantiate(...args)).instance;
    const engine = (...given) => {
      if (trapped) callsAfter++;
      if (given[0] === kind && !--nth) {
        window.trapped = true;
        trap();
      }
      return exports.engine(...given);
    };
    return { instance: { exports: { ...exports, engine } } };
  };

  // What the SDK leaves behind: its timers that are to fire, its listeners.
  const isOurs = () => new Error().stack.includes("/sdk/");
  window.timers = new Set();
  window.timersMade = 0;
  for (const [set, clear] of [["setTimeout", "clearTimeout"], ["requestIdleCallback", "cancelIdleCallback"], ["requestAnimationFrame", "cancelAnimationFrame"]]) {
    const natives = [window[set].bind(window), window[clear].bind(window)];
    window[set] = (run, ...rest) => {
      if (!isOurs()) return natives[0](run, ...rest);
      timersMade++;
      const id = natives[0]((...args) => {
        timers.delete(set + id);
        run(...args);
      }, ...rest);
      timers.add(set + id);
      return id;
    };
    window[clear] = (id) => {
      timers.delete(set + id);
      natives[1](id);
    };
  }
  window.listeners = new Map();
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const key = (type, options) => `${type} ${!!(options?.capture ?? options)}`;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const isBrief = this instanceof XMLHttpRequest || this instanceof AbortSignal || options?.once;
    if (!isBrief && isOurs()) {
      listeners.set(listener, key(type, options));
      // The browser removes it then.
      if (options?.signal) add.call(options.signal, "abort", () => listeners.delete(listener));
    }
    return add.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (listeners.get(listener) === key(type, options)) listeners.delete(listener);
    return remove.call(this, type, listener, options);
  };
  window.observed = 0;
  const { observe, disconnect } = PerformanceObserver.prototype;
  PerformanceObserver.prototype.observe = function (...args) {
    this.isOn ??= !!++observed;
    return observe.apply(this, args);
  };
  PerformanceObserver.prototype.disconnect = function () {
    if (this.isOn) observed--;
    this.isOn = undefined;
    return disconnect.call(this);
  };
  window.methods = ["open", "send", "setRequestHeader"].map((name) => XMLHttpRequest.prototype[name]);
}

/** What a page does; says what came of it. */
async function act() {
  const { status } = await fetch("/api/echo");
  const request = new XMLHttpRequest();
  request.open("GET", "/api/echo");
  request.send();
  await new Promise((done) => request.addEventListener("loadend", done));
  sightline.setAttributes({ tenant: 7 });
  sightline.addEvent("added", { items: 2 });
  sightline.startSpan("checkout").end();
  setTimeout(() => { throw new Error("the page's own"); });
  document.body.prepend(Object.assign(document.createElement("div"), { style: "height: 300px" }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [status, request.status];
}

await scenario(async ({ open, leave, context, sink, saw, equal, expect }) => {
  const told = () => sink.logs.filter(({ eventName }) => eventName === "sightline.broken").length;
  const seen = (saw.calls = []);
  for (const [call, [kind, nth = 1]] of Object.entries(CALLS)) {
    // Left before its engine was there: something to restore.
    await context.route("**/engine.js", () => {});
    const early = await open("plain.html");
    await early.evaluate(() => fetch("/api/echo"));
    await leave(early);
    await early.close();
    await context.unroute("**/engine.js");

    const before = told();
    const page = await open("plain.html", { script: `(${watch})(${kind}, ${nth})` });
    const statuses = await page.evaluate(act);
    // A click that the engine hears: none is before the first frame, and it is
    // told when the page is idle, unless a view has begun meanwhile.
    await page.waitForFunction(() => performance.getEntriesByType("paint").length);
    await page.evaluate(() => sightline.flush());
    await page.mouse.click(20, 20);
    await page.evaluate(() => new Promise((done) => requestIdleCallback(done)));
    // Another one, that changes the address and the page.
    await page.evaluate(() => {
      const go = () => {
        history.pushState({}, "", "/elsewhere");
        document.body.prepend(Object.assign(document.createElement("h1"), { textContent: "Elsewhere" }));
      };
      addEventListener("click", go, { once: true });
    });
    await page.mouse.click(20, 20);
    await page.waitForFunction(() => location.pathname === "/elsewhere");
    await page.evaluate(() => sightline.flush());
    await page.evaluate(() => {
      dispatchEvent(new Event("pagehide"));
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    });
    try {
      await page.waitForFunction(() => trapped && window.fetch === nativeFetch && !timers.size, undefined, { timeout: 10_000 });
    } catch {
      expect(false, `${call}: it traps, and the SDK is off`, await page.evaluate(() => ({ trapped, isNative: window.fetch === nativeFetch, timers: [...timers] })));
    }
    if (!UNTOLD.includes(call)) await sink.until(`${call}: the last words`, () => told() > before);

    const made = await page.evaluate(() => timersMade);
    const again = await page.evaluate(act);
    await page.mouse.click(20, 20);
    await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    equal([statuses, again], [[200, 200], [200, 200]], `${call}: calls work before and after`);
    const after = await page.evaluate(() => ({
      callsAfter,
      timersMade,
      listeners: [...listeners.values()],
      observed,
      isXhrNative: ["open", "send", "setRequestHeader"].every((name, at) => XMLHttpRequest.prototype[name] === methods[at]),
    }));
    equal(after, { callsAfter: 0, timersMade: made, listeners: [], observed: 0, isXhrNative: true }, `${call}: the page is as it was`);
    equal(page.errors, ["Error: the page's own", "Error: the page's own"], `${call}: no error but the page's own`);
    equal(page.messages.filter(([, text]) => text.startsWith("Sightline")).length, 1, `${call}: one message`);
    equal(told() - before, UNTOLD.includes(call) ? 0 : 1, `${call}: told once`);
    await page.evaluate(() => localStorage.clear());
    await page.close();
    seen.push(call);
  }
});
