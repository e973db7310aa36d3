// What people do: an interaction that asks a server is a span, and the parent of
// what it asked for, at the server too; a navigation is one, whoever tells it; an
// error tells what led to it. By option all of it is in the page's own trace.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, seen, saw, equal, expect }) => {
  const options = { serviceName: "shop-browser", routes: ["/products/{id}"] };
  const visit = async (more) => {
    const from = sink.spans.length;
    const errors = sink.exceptions().length;
    const page = await open("activity.html", { options: { ...options, ...more } });
    await page.evaluate(() => sightline.flush());
    await page.click("#buy");
    await page.waitForFunction(() => window.bought);
    await page.click("#nothing");
    await page.click("#go");
    await page.waitForFunction(() => window.gone);
    await page.click("#fail");
    await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/api/status/500`).length);
    await page.click("#router");
    await page.waitForFunction(() => window.routed);
    // Two frames, and what is told at the end of them.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
    await leave(page);
    await sink.until("its end", () => sink.exceptions().length > errors && sink.spans.slice(from).some(({ name }) => name === "documentLoad"));
    await sink.until("its navigations", () => sink.spans.slice(from).filter(({ name }) => name.startsWith("navigation")).length === 2);
  };
  await visit();
  saw.spans = sink.spans.map(({ name, traceId, spanId, parentSpanId, attributes }) => [name, traceId, spanId, parentSpanId, attributes]);
  const load = sink.spans.find(({ name }) => name === "documentLoad");
  const fetched = (end) => sink.spans.find(({ attributes }) => attributes["url.full"]?.includes(end));
  const clicks = sink.spans.filter(({ name }) => name === "click");
  const target = (id) => clicks.filter(({ attributes }) => attributes["sightline.interaction.target"] === `#${id}`);

  const [buy] = target("buy");
  const first = sink.spans.find(({ name }) => name === "GET /api/echo");
  const second = sink.spans.find(({ name }) => name === "POST /api/echo");
  for (const call of [first, second]) {
    equal([call.traceId, call.parentSpanId], [buy.traceId, buy.spanId], `${call.name} belongs to the click`);
  }
  expect(buy.startMs <= first.startMs && buy.endMs >= second.endMs, "which lasts as long", [buy, first, second]);
  equal([buy.parentSpanId, buy.links?.[0]?.spanId ?? load.spanId], ["", load.spanId], "a trace of its own, linked to the page");
  const asked = seen.filter(({ path }) => path === "/api/echo").map(({ headers }) => headers.traceparent);
  equal(asked[0], `00-${buy.traceId}-${first.spanId}-03`, "as the server was told");
  equal(target("nothing"), [], "what asked for nothing is none");

  const navigations = sink.spans.filter(({ name }) => name.startsWith("navigation"));
  equal(navigations.map(({ name }) => name), Array(2).fill("navigation /products/{id}"), "by route");
  const [go, router] = navigations;
  equal([go.traceId, go.parentSpanId], [target("go")[0].traceId, target("go")[0].spanId], "of the click that led to it");
  equal(go.attributes["url.path"], "/products/42", "where to");
  expect(router.endMs - router.startMs >= 300, "from the router's start to the paint", router.endMs - router.startMs);
  equal(router.attributes["url.path"], "/products/43", "where the router went");

  const [{ attributes, traceId }] = sink.exceptions();
  saw.breadcrumbs = attributes["sightline.breadcrumbs"];
  equal(attributes["sightline.exception.source"], "unhandled_rejection", "how it came");
  equal(traceId, target("fail")[0].traceId, "in the trace of the click");
  const crumbs = attributes["sightline.breadcrumbs"].map((line) => line.replace(/^\d+ /, "").replace(/http:\S*?\/api/, "/api"));
  equal(crumbs.slice(-2), ["click #fail", "fetch GET /api/status/500 500"], "what led to it");
  for (const crumb of ["click #buy", "fetch POST /api/echo?step=REDACTED 200", "click #nothing", "click #go"]) {
    expect(crumbs.includes(crumb), crumb, crumbs);
  }

  const from = sink.spans.length;
  await visit({ traces: "page" });
  const later = sink.spans.slice(from);
  const own = later.find(({ name }) => name === "documentLoad");
  const [click] = later.filter(({ name }) => name === "click");
  equal([click.traceId, click.parentSpanId], [own.traceId, own.spanId], "all in the page's trace");
  equal(new Set(later.map(({ traceId }) => traceId)).size, 1, "and no other");
});
