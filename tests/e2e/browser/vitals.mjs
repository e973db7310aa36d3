// LCP, INP, CLS, FCP and TTFB arrive when the page is left, with the values
// that the browser's own performance entries have.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, expect, equal }) => {
  const page = await open("vitals.html?a=secret", {
    options: { serviceName: "vitals", serviceVersion: "1.2.3", environment: "test", routes: ["/{page}"] },
  });
  // All shifts have happened, and none within half a second of an input.
  await page.waitForFunction(() => entries["layout-shift"].length >= 2);
  await page.waitForFunction(() => performance.now() > 1300);
  await page.click("#slow");
  await page.click("#slow");
  await page.waitForFunction(() => entries.event.filter((entry) => entry.name === "click").length === 2);
  const expected = await page.evaluate(() => {
    const interactions = entries.event.filter((entry) => entry.interactionId);
    const shifts = entries["layout-shift"].filter((entry) => !entry.hadRecentInput);
    return {
      fcp: entries.paint.find((entry) => entry.name === "first-contentful-paint").startTime,
      lcp: entries["largest-contentful-paint"].at(-1).startTime,
      cls: shifts.reduce((sum, entry) => sum + entry.value, 0),
      inp: Math.max(...interactions.map((entry) => entry.duration)),
      ttfb: performance.getEntriesByType("navigation")[0].responseStart,
    };
  });
  await leave(page);
  await sink.until("every vital", () => Object.keys(sink.vitals()).length === 5);
  const vitals = sink.vitals();
  saw.vitals = vitals;
  saw.expected = expected;
  for (const [name, value] of Object.entries(expected)) {
    const vital = vitals[name];
    equal(vital["browser.web_vital.value"], value, `${name} is the browser's`);
    equal(vital["browser.web_vital.delta"], value, `${name} is told once`);
    equal(vital["browser.web_vital.navigation_type"], "navigate", `${name}: navigation`);
    equal(vital["url.path"], "/vitals.html", `${name}: path`);
    equal(vital["url.template"], "/{page}", `${name}: template`);
  }
  expect(expected.cls > 0.01 && expected.inp >= 150 && expected.lcp >= 150, "the page did what it should");
  equal(new Set(Object.values(vitals).map((v) => v["browser.web_vital.id"])).size, 5, "ids differ");
  equal(sink.logs.filter((log) => log.eventName === "browser.web_vital").length, 5, "each vital once");
  const { resource } = sink.received[0];
  equal(
    resource,
    {
      "service.name": "vitals",
      "service.version": "1.2.3",
      "deployment.environment.name": "test",
      "telemetry.sdk.name": "sightline",
      "telemetry.sdk.language": "webjs",
      "telemetry.sdk.version": "0.1.0",
      "browser.brands": await page.evaluate(() => navigator.userAgentData.brands.map(({ brand, version }) => `${brand} ${version}`)),
      "browser.platform": "Linux",
      "browser.language": await page.evaluate(() => navigator.language),
      "sightline.network.effective_type": await page.evaluate(() => navigator.connection.effectiveType),
      "browser.mobile": false,
    },
    "the resource",
  );
  expect(!JSON.stringify(sink.received.map((b) => b.items)).includes("secret"), "no query value leaves");
  equal(page.errors, [], "no error on the page");
});
