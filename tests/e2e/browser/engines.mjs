// Browsers that are no Chromium: `firefox` or `webkit`, the script's argument,
// from SIGHTLINE_FIREFOX or SIGHTLINE_WEBKIT. What each supports it tells, when the
// page is left, too; and the page sees no error of ours.

import { scenario } from "./stage.mjs";
import { open } from "./webdriver.mjs";

const [name] = process.argv.slice(2);
/** The entries of which a vital is made; the others are had everywhere. */
const ENTRIES = { lcp: "largest-contentful-paint", cls: "layout-shift", inp: "event" };

await scenario(async ({ sink, seen, saw, origin, expect, equal }) => {
  const browser = await open(name, process.env[`SIGHTLINE_${name.toUpperCase()}`]);
  try {
    const options = { serviceName: "engines", routes: ["/api/items/{id}", "/products/{id}"] };
    await browser.go(`${origin}/engines.html?options=${encodeURIComponent(JSON.stringify(options))}`);
    const page = await browser.run(async () => {
      // WebKit's driver can be done with a navigation before the page is.
      while (!globalThis.sightline) await new Promise(requestAnimationFrame);
      await fetch("/api/items/42?token=secret");
      setTimeout(() => { throw new RangeError("the page's own"); });
      await new Promise((done) => addEventListener("error", done, { once: true }));
      await sightline.flush();
      return { agent: navigator.userAgent, entries: PerformanceObserver.supportedEntryTypes };
    });
    saw.agent = page.agent;
    saw.entries = page.entries.join(" ");
    await sink.until("the error", () => sink.exceptions().length);
    // WebKit's driver finds nothing that it could click.
    const clicks = name !== "webkit";
    if (clicks) await browser.click("button");
    // What the click led to, and a change of route that a router tells.
    await browser.run(async () => {
      while (!globalThis.clicked && !/AppleWebKit/.test(navigator.userAgent)) await new Promise(requestAnimationFrame);
      sightline.startNavigation("/products/7");
      history.pushState({}, "", "/products/7");
      for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
      sightline.captureException(new TypeError("caught"));
    });
    equal(await browser.run(async () => errors.map((text) => text.replace(/^.*: /, ""))), ["the page's own"], "no error but the page's own");
    // Told in time, and when the page is left.
    await browser.go(`${origin}/bare.html`);
    const supported = ["fcp", "ttfb", ...Object.keys(ENTRIES).filter((vital) => page.entries.includes(ENTRIES[vital]))];
    const load = () => sink.spans.some(({ name }) => name === "documentLoad");
    const call = () => sink.spans.find(({ kind }) => kind === 3);
    const named = (wanted) => sink.spans.find(({ name }) => name === wanted);
    await sink.until("vitals, load and call", () => supported.every((vital) => sink.vitals()[vital]) && load() && call() && (!clicks || named("click")) && named("navigation /products/{id}"));
    const vitals = sink.vitals();
    saw.vitals = Object.fromEntries(Object.entries(vitals).map(([vital, attributes]) => [vital, attributes["browser.web_vital.value"]]));
    equal(Object.keys(vitals).filter((vital) => !supported.includes(vital)), [], "no vital that the browser does not support");
    for (const [vital, value] of Object.entries(saw.vitals)) expect(value >= 0 && value < 20_000, `${vital} is a sane value`, value);

    const [thrown] = sink.exceptions();
    equal([thrown.attributes["exception.type"], thrown.attributes["exception.message"]], ["RangeError", "the page's own"], "the error");
    expect(/^[0-9a-f]{16}$/.test(thrown.attributes["sightline.exception.fingerprint"]), "its fingerprint", thrown.attributes);
    if (clicks) {
      const after = named("GET /api/clicked");
      equal([after.traceId, after.parentSpanId], [named("click").traceId, named("click").spanId], "what a click leads to is its child");
      equal(named("click").attributes["sightline.interaction.target"], "html>body>p>button", "what was clicked");
    }
    const caught = sink.exceptions().find(({ attributes }) => attributes["exception.message"] === "caught");
    saw.breadcrumbs = caught.attributes["sightline.breadcrumbs"];
    const crumbs = saw.breadcrumbs.map((line) => line.split(" ").slice(1, 3).join(" "));
    expect((!clicks || crumbs.includes("click html>body>p>button")) && crumbs.includes("fetch GET"), "what happened before", crumbs);
    const span = call();
    equal([span.name, span.attributes["url.full"]], ["GET /api/items/{id}", `${origin}/api/items/42?token=REDACTED`], "the call");
    const sent = seen.find(({ path }) => path === "/api/items/42").headers.traceparent;
    equal(sent?.split("-").slice(1, 3), [span.traceId, span.spanId], "its trace went along");
    expect(sink.received.every(({ headers }) => headers["content-encoding"] === "gzip"), "compressed");
  } finally {
    await browser.end();
  }
}, null);
