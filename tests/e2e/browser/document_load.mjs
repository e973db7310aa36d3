// The document load span: within the edge's trace where Server-Timing tells it,
// in a trace of its own where it does not, or says nonsense.

import { scenario } from "./stage.mjs";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const EDGE = "b7ad6b7169203331";
const timing = (flags) => `traceparent;desc="00-${TRACE}-${EDGE}-${flags}"`;

await scenario(async ({ open, sink, saw, expect, equal }) => {
  const load = async (headers, options) => {
    const before = sink.spans.length;
    const page = await open("plain.html", { headers, options });
    await page.evaluate(() => new Promise((resolve) => {
      if (document.readyState === "complete") resolve();
      else addEventListener("load", resolve);
    }));
    // The span is made a task after the load event; hiding is not needed.
    await page.waitForFunction(() => performance.getEntriesByType("navigation")[0].loadEventEnd > 0);
    await page.evaluate(() => window.sightline.flush());
    const timings = await page.evaluate(() => performance.getEntriesByType("navigation")[0].toJSON());
    const origin = await page.evaluate(() => performance.timeOrigin);
    await page.goto("about:blank");
    await page.close();
    const spans = sink.spans.slice(before).filter((span) => span.name === "documentLoad");
    return { spans, timings, origin };
  };

  const joined = await load({ "server-timing": ['db;dur=3, app;desc="x"', timing("01")] });
  saw.joined = joined.spans;
  equal(joined.spans.length, 1, "one span");
  const [span] = joined.spans;
  equal([span.traceId, span.parentSpanId], [TRACE, EDGE], "the edge's trace, the edge's span as parent");
  equal(span.kind, 1, "internal");
  equal(span.flags & 0x300, 0x300, "the parent is remote");
  equal(span.attributes["url.template"], "/plain.html", "the route");
  const near = (actual, expected) => Math.abs(actual - (joined.origin + expected)) < 0.01;
  expect(near(span.startMs, 0), "starts with the navigation", span.startMs);
  expect(near(span.endMs, joined.timings.loadEventEnd), "ends with the load", span.endMs);
  for (const { name, atMs } of span.events) {
    expect(near(atMs, joined.timings[name]), `${name} is the browser's`, [atMs, joined.timings[name]]);
  }
  expect(span.events.some(({ name }) => name === "responseStart"), "tells its phases");

  const hops = await load({ "server-timing": [timing("01").replace(EDGE, "1111111111111111"), timing("01")] });
  equal(hops.spans[0].parentSpanId, EDGE, "the outermost hop speaks last");

  const unsampled = await load({ "server-timing": timing("00") });
  equal(unsampled.spans, [], "what the edge does not keep, the page does not");

  for (const [why, value] of [
    ["nothing told", []],
    ["malformed", 'traceparent;desc="00-zz-zz-01"'],
    ["all-zero trace", timing("01").replace(TRACE, "0".repeat(32))],
  ]) {
    const own = await load({ "server-timing": value });
    equal(own.spans.length, 1, `${why}: one span`);
    expect(own.spans[0].traceId !== TRACE && own.spans[0].parentSpanId === "", `${why}: a trace of its own`);
  }
  const none = await load({}, { serviceName: "quiet", sampleRatio: 0 });
  equal(none.spans, [], "a ratio of nought keeps no trace");
});
