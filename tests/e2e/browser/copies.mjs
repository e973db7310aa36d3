// Two copies of the package on a page: the first one's `init` counts, and all is
// told once. After its `shutdown()` the other's begins anew: the load, which has
// been told, is not told again.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, equal }) => {
  /** What was received of a page, by name and how often. */
  const told = () => {
    const names = [
      ...sink.spans.map(({ name }) => name),
      ...sink.logs.map(({ eventName, attributes }) => attributes["browser.web_vital.name"] ?? attributes["exception.message"] ?? eventName),
    ];
    const counts = {};
    for (const name of names.filter((name) => !name.startsWith("session."))) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };
  const LOAD = { documentLoad: 1, ttfb: 1, fcp: 1, lcp: 1, cls: 1 };
  const clear = () => (sink.received.length = 0);
  const act = async (page, name) => {
    await page.evaluate(async (name) => {
      await fetch(`/api/echo/${name}`);
      setTimeout(() => { throw new Error(name); });
      await new Promise((done) => addEventListener("error", done, { once: true }));
    }, name);
    return { [`GET /api/echo/${name}`]: 1, [name]: 1 };
  };
  /** Leaves the page; waits for its error and for a vital that comes last. */
  const end = async (page, name) => {
    await page.evaluate(() => (window.second ?? sightline).flush());
    await leave(page);
    await sink.until(name, () => told()[name] && told().cls);
    await page.close();
  };

  const both = await open("plain.html");
  const same = await both.evaluate(async () => {
    const copy = await import("/copy/index.js");
    const first = await import("/sdk/index.js");
    const { open, send } = XMLHttpRequest.prototype;
    window.second = copy.init({ serviceName: "second" });
    return [
      copy.init !== first.init,
      second === sightline,
      window.fetch === patchedFetch,
      XMLHttpRequest.prototype.open === open && XMLHttpRequest.prototype.send === send,
    ];
  });
  equal(same, [true, true, true, true], "one handle, one patch");
  const warnings = both.messages.filter(([type]) => type === "warning");
  equal(warnings.length, 1, "one warning", warnings);
  const once = await act(both, "both");
  await end(both, "both");
  saw.both = told();
  equal(saw.both, { ...LOAD, ...once }, "all is told once");
  const services = new Set(sink.received.map(({ resource }) => resource["service.name"]));
  equal([...services], ["test-page"], "by the first");

  // The first ends: with its engine running, and before it came.
  clear();
  const later = await open("plain.html");
  await later.evaluate(() => sightline.flush());
  const before = await act(later, "before");
  await later.evaluate(() => {
    window.counted = new Promise((done) => new PerformanceObserver(done).observe({ type: "first-input", buffered: true }));
  });
  await later.waitForFunction(() => performance.getEntriesByType("paint").length);
  await later.mouse.click(20, 20);
  await later.evaluate(() => counted);
  const turns = await later.evaluate(async () => {
    const { init } = await import("/copy/index.js");
    sightline.shutdown();
    const isNative = window.fetch === nativeFetch;
    window.second = init({ serviceName: "second" });
    sightline.shutdown();
    const again = (await import("/sdk/index.js")).init({ serviceName: "third" });
    return [isNative, second !== sightline, again === second, window.fetch !== nativeFetch];
  });
  equal(turns, [true, true, true, true], "the second takes over, and the first ends but once");
  const after = await act(later, "after");
  await end(later, "after");
  saw.later = told();
  equal(saw.later, { ...LOAD, inp: 1, ...before, ...after }, "what the first told is not told again");

  clear();
  const early = await open("plain.html", { script: () => { delete window.requestIdleCallback; } });
  await early.evaluate(async () => {
    const { init } = await import("/copy/index.js");
    sightline.flush();
    sightline.shutdown();
    window.second = init({ serviceName: "second" });
  });
  const all = await act(early, "early");
  await end(early, "early");
  saw.early = told();
  equal(saw.early, { ...LOAD, ...all }, "what the first could not tell the second does");
  const teller = new Set(sink.received.map(({ resource }) => resource["service.name"]));
  equal([...teller], ["second"], "and nobody else");

  clear();
  const last = await open("plain.html");
  const native = await last.evaluate(async () => {
    const { init } = await import("/copy/index.js");
    await sightline.flush();
    sightline.shutdown();
    init({ serviceName: "second" }).shutdown();
    return [window.fetch === nativeFetch, (await fetch("/api/echo")).status];
  });
  equal(native, [true, 200], "both have ended");
  equal(last.errors, [], "without an error");
});
