// With `metrics: true` every vital of a view is told once as a histogram, with
// the same value as its event and the bounds of its ratings among the bounds.
// Without, no metric is sent. What does not arrive at once waits in storage.

import { scenario } from "./stage.mjs";

const THRESHOLDS = { lcp: [2.5, 4], inp: [0.2, 0.5], cls: [0.1, 0.25], fcp: [1.8, 3], ttfb: [0.8, 1.8] };
const VITALS = Object.keys(THRESHOLDS);

await scenario(async ({ open, leave, sink, saw, equal, expect }) => {
  const use = async (page) => {
    await page.waitForFunction(() => entries["layout-shift"].length > 1 && entries["largest-contentful-paint"].length);
    await page.click("#slow");
    await page.waitForFunction(() => entries.event.some((entry) => entry.interactionId));
    await page.evaluate(() => sightline.flush());
  };
  const told = () => VITALS.every((name) => sink.vitals()[name]);

  const without = await open("vitals.html");
  await use(without);
  await leave(without);
  await sink.until("the vitals as events", told);
  equal(sink.metrics, [], "no metric unless asked for");
  await without.close();

  sink.received.length = 0;
  const page = await open("vitals.html", { options: { serviceName: "shop-browser", metrics: true, routes: ["/{page}"] } });
  await use(page);
  await leave(page);
  await sink.until("the vitals as events and histograms", () => told() && sink.metrics.length >= VITALS.length);
  saw.metrics = sink.metrics;
  equal(sink.metrics.map(({ name }) => name).sort(), VITALS.map((name) => `browser.web_vital.${name}`).sort(), "each once");
  for (const { name, unit, temporality, points } of sink.metrics) {
    const vital = name.split(".").at(-1);
    const [{ count, sum, bounds, buckets, startMs, atMs, attributes }, ...more] = points;
    const value = sink.vitals()[vital]["browser.web_vital.value"] / (vital === "cls" ? 1 : 1000);
    equal([more, count, temporality, unit], [[], 1, 1, vital === "cls" ? "1" : "s"], `${vital}: one value, as delta`);
    expect(Math.abs(sum - value) < 1e-9, `${vital}: that of the event`, [sum, value]);
    expect(THRESHOLDS[vital].every((bound) => bounds.includes(bound)), `${vital}: the ratings' bounds`, bounds);
    equal(buckets, [...bounds, Infinity].map((bound, at) => +(sum <= bound && !(sum <= bounds[at - 1]))), `${vital}: its bucket`);
    expect(startMs <= atMs, `${vital}: in time`, [startMs, atMs]);
    equal(attributes, { "url.template": "/{page}", "browser.web_vital.navigation_type": "navigate" }, `${vital}: labels of few values`);
  }
  await page.close();

  // Another page's histograms survive an outage.
  sink.received.length = 0;
  sink.answer = 503;
  const late = await open("vitals.html", { options: { serviceName: "shop-browser", metrics: true } });
  await use(late);
  await leave(late);
  await late.close();
  sink.answer = 200;
  sink.received.length = 0;
  const next = await open("plain.html");
  await sink.until("what waited in storage", () => new Set(sink.metrics.map(({ name }) => name)).size === VITALS.length);
  await next.close();
});
