// More happens before the engine is there than the page's buffers hold: what they
// have no room for is counted, also where the page is left by then; and what the
// browser itself has kept is not cut when the engine asks for it.

import { scenario } from "./stage.mjs";

/** As many as the eager part keeps of inputs, and of entries. */
const BUFFER = 256;
/** Inputs that a page leaves to the next one. */
const LEFT = 256;
const CLICKS = 80;

/** The engine comes when `release` is called. */
function hold() {
  const { instantiate } = WebAssembly;
  const released = new Promise((resolve) => (window.release = resolve));
  WebAssembly.instantiate = async (...args) => {
    await released;
    return instantiate.apply(WebAssembly, args);
  };
  const watch = (type, durationThreshold) => {
    const seen = [];
    new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ type, buffered: true, durationThreshold });
    return seen;
  };
  window.events = watch("event", 40);
  window.shifts = watch("layout-shift");
  window.paints = watch("largest-contentful-paint");
}

await scenario(async ({ open, leave, context, sink, saw, equal, expect }) => {
  const losses = () => sink.logs.filter(({ eventName }) => eventName === "sightline.lost").at(-1)?.attributes ?? {};

  const busy = await open("plain.html", { script: hold });
  const input = await context.newCDPSession(busy);
  // Before its first frame a page hears no input. The first click takes so long
  // that the others wait for it: each is several slow events.
  await busy.waitForFunction(() => performance.getEntriesByType("paint").length);
  await busy.evaluate(() => {
    const block = () => {
      for (const end = performance.now() + 1000; performance.now() < end; );
    };
    addEventListener("pointerdown", block, { once: true });
  });
  for (let at = 0; at < CLICKS; at++) {
    for (const type of ["mousePressed", "mouseReleased"]) {
      input.send("Input.dispatchMouseEvent", { type, x: 20, y: 20, button: "left", clickCount: 1 }).catch(() => {});
    }
  }
  await busy.waitForFunction((enough) => events.length > enough, BUFFER);
  // All of them are told together, or those that wait are told with a frame.
  await busy.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))));
  const entries = await busy.evaluate(() => events.length);
  await busy.evaluate(() => { release(); return sightline.flush(); });
  await busy.evaluate(() => fetch("/api/echo").then(() => sightline.flush()));
  await sink.until("the account", () => losses()["sightline.lost.buffer_full"]);
  saw.entries = [entries, losses()];
  equal(losses()["sightline.lost.buffer_full"], entries - BUFFER, "entries beyond the buffer are counted");
  await leave(busy);
  await sink.until("its interactions", () => sink.vitals().inp);
  await busy.close();

  // Every frame moves what is there, and paints something larger.
  sink.received.length = 0;
  const restless = await open("plain.html", { script: hold });
  const before = await restless.evaluate(async () => {
    for (let at = 0; at < 170; at++) {
      const style = `margin: 0; white-space: nowrap; font-size: ${12 + at / 4}px`;
      document.body.prepend(Object.assign(document.createElement("p"), { textContent: "wide and wider", style }));
      await new Promise((done) => requestAnimationFrame(done));
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
    return { shifts: shifts.length, paints: paints.length, lcp: paints.at(-1).startTime };
  });
  expect(Math.min(150, before.shifts) + before.paints > BUFFER && before.paints <= 150, "more than the eager part keeps, no more than the browser does", before);
  // The engine asks for them, and is told; so are we, after it.
  await restless.evaluate(async () => {
    const { observe } = PerformanceObserver.prototype;
    const asked = new Promise((done) => {
      PerformanceObserver.prototype.observe = function (given) {
        observe.call(this, given);
        if (given.type === "layout-shift") done();
      };
    });
    release();
    await asked;
    await new Promise((done) => observe.call(new PerformanceObserver(done), { type: "layout-shift", buffered: true }));
  });
  await leave(restless);
  await sink.until("its vitals", () => sink.vitals().lcp);
  saw.restless = { ...before, told: sink.vitals().lcp["browser.web_vital.value"] };
  expect(Math.abs(saw.restless.told - before.lcp) < 0.001, "the largest paint is the last", saw.restless);
  await restless.close();

  // Left with more than a page may leave: the next one tells what there was room for, and how much there was not.
  for (const [name, calls, errors] of [
    ["many small", 300, 0],
    ["a few large", 2, 6],
  ]) {
    sink.received.length = 0;
    const left = await open("plain.html", { script: hold });
    await left.evaluate(
      async ([calls, errors]) => {
        const init = { signal: AbortSignal.abort() };
        for (let at = 0; at < calls; at++) await fetch(`/api/left/${at}`, init).catch(() => {});
        for (let at = 0; at < errors; at++) {
          dispatchEvent(new ErrorEvent("error", { message: `no ${at}`, error: new Error(`no ${at} ${"x".repeat(16_000)}`) }));
        }
      },
      [calls, errors],
    );
    await leave(left);
    await left.close();
    const next = await open("plain.html");
    const told = () => sink.spans.filter(({ attributes }) => attributes["url.full"].includes("/api/left/")).length + sink.exceptions().length;
    const lost = () => losses()?.["sightline.lost.buffer_full"] ?? 0;
    await sink.until(`${name}: what was left`, () => told() && lost() && told() + lost() >= calls + errors);
    saw[name] = { told: told(), lost: lost() };
    equal(told() + lost(), calls + errors, `${name}: told, or counted`);
    expect(told() <= LEFT, `${name}: bounded`, told());
    await next.close();
  }
});
