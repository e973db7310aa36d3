// The SDK never hurts the page: not when its engine breaks, not in a storm of
// errors and calls. What is bounded is the work that is ours, which is counted;
// how long the browser's tasks took is printed.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, sink, saw, expect, equal }) => {
  // An engine that traps: every call into it throws from now on.
  const trap = () => {
    const trips = (run) => (...args) => {
      if (window.trips) throw new WebAssembly.RuntimeError("unreachable");
      return run(...args);
    };
    const tripped = (exports) =>
      Object.fromEntries(
        Object.entries(exports).map(([name, value]) => [name, typeof value === "function" ? trips(value) : value]),
      );
    const { fetchLater } = window;
    window.casts = 0;
    window.fetchLater = (...args) => (window.casts++, fetchLater(...args));
    const { Instance, instantiate } = WebAssembly;
    WebAssembly.Instance = function (...args) {
      return { exports: tripped(new Instance(...args).exports) };
    };
    WebAssembly.instantiate = async (...args) => {
      const { module, instance } = await instantiate(...args);
      return { module, instance: { exports: tripped(instance.exports) } };
    };
  };
  const broken = await open("plain.html", { script: trap });
  await broken.evaluate(() => sightline.flush());
  await broken.evaluate(() => { casts = 0; return fetch("/api/echo/before"); });
  await broken.waitForFunction(() => casts);
  const after = await broken.evaluate(async () => {
    const patched = window.fetch;
    window.trips = true;
    const statuses = [(await fetch("/api/echo")).status, (await fetch("/api/echo")).status];
    return { statuses, isBack: window.fetch !== patched && window.fetch === window.nativeFetch };
  });
  equal(after, { statuses: [200, 200], isBack: true }, "calls work, fetch is the native one again");
  equal(broken.errors, [], "the page sees no error");
  const brokenEvents = () => sink.logs.filter(({ eventName }) => eventName === "sightline.broken");
  await sink.until("the engine's last words", () => brokenEvents().length);
  equal(brokenEvents()[0].severity, 17, "an error");
  await broken.evaluate(() => { sightline.shutdown(); return sightline.flush(); });
  await broken.close();
  // The net was out when it happened.
  await sink.until("what waited when it broke", () => sink.spans.some((span) => span.attributes["url.full"]?.includes("before")));
  equal(brokenEvents().length, 1, "told once");

  // A storm, with what the SDK does to the page counted.
  const count = () => {
    window.work = { timers: 0, writes: 0, posts: 0, casts: 0 };
    const counted = (target, name, as) => {
      const native = target[name];
      if (native) target[name] = function (...args) { work[as]++; return native.apply(this, args); };
    };
    counted(window, "setTimeout", "timers");
    counted(Storage.prototype, "setItem", "writes");
    counted(window, "fetchLater", "casts");
    const fetch = window.fetch;
    window.fetch = function (...args) {
      if (String(args[0]).includes("/sightline/")) work.posts++;
      return fetch.apply(this, args);
    };
    window.long = [];
    new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
  };
  // Given up at once, so that the page's own share of the time is small.
  const calls = async () => {
    const init = { signal: AbortSignal.abort() };
    for (let at = 0; at < 100; at++) {
      await Promise.all(Array.from({ length: 100 }, () => fetch("/api/echo", init).catch(() => {})));
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  };
  for (const [name, answer, storm] of [
    ["10,000 errors", 200, () => { for (let at = 0; at < 10_000; at++) dispatchEvent(new ErrorEvent("error", { message: `no ${at}`, error: new Error(`no ${at}`) })); }],
    ["10,000 calls", 200, calls],
    ["10,000 calls, no collector", "refuse", calls],
  ]) {
    sink.received.length = 0;
    sink.answer = 200;
    const page = await open("plain.html", { script: count });
    await page.evaluate(() => sightline.flush());
    sink.answer = answer;
    await page.evaluate(() => Object.assign(work, { timers: 0, writes: 0, posts: 0, casts: 0 }));
    const began = Date.now();
    await page.evaluate(storm);
    const { work, long } = await page.evaluate(() => ({ work, long }));
    const seconds = (Date.now() - began) / 1000;
    saw[name] = { ...work, seconds, longTasks: long.map(Math.round) };
    // 10,000 spans are about 90 full batches, each sent or written once; those
    // that are not full are few. What is sent or written sets two timers anew.
    expect(work.posts <= 150, `${name}: requests`, work);
    expect(work.writes <= 170, `${name}: writes to storage`, work);
    expect(work.casts <= 2 + 4 * seconds, `${name}: nets`, work);
    expect(work.timers <= 2 * (work.posts + work.writes) + 4 * seconds + 10, `${name}: timers`, work);
    equal(page.errors, [], `${name}: the page sees no error of ours`);
    sink.answer = 200;
    await page.evaluate(() => { sightline.shutdown(); localStorage.clear(); });
    await page.close();
  }
});
