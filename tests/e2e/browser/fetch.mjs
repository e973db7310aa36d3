// Spans of fetch calls, and `traceparent` where it may go and nowhere else. That
// fetch stays for the page what it was is sameness.mjs's.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, sink, seen, saw, expect, equal, origin, foreign }) => {
  const page = await open("plain.html", { options: { serviceName: "fetch", routes: ["/api/status/{code}"] } });
  const call = (...args) => page.evaluate((args) => fetch(...args).then((r) => r.status), args);
  const lastSeen = () => seen.at(-1).headers.traceparent;

  await call("/api/echo?token=abc");
  const parts = /^00-([0-9a-f]{32})-([0-9a-f]{16})-03$/.exec(lastSeen());
  expect(parts, "same origin is told", lastSeen());
  await call(`${foreign}/api/echo`);
  equal(lastSeen(), undefined, "a foreign origin is not told");
  await call("/api/echo", { headers: { traceparent: "00-11111111111111111111111111111111-2222222222222222-01" } });
  equal(lastSeen(), "00-11111111111111111111111111111111-2222222222222222-01", "the page's own header stays");
  await call("/api/status/404");
  await page.evaluate(() => fetch("/api/reset").catch(() => {}));
  await page.evaluate(() => sightline.flush());

  const clients = sink.spans.filter((span) => span.kind === 3);
  saw.spans = clients;
  const [echo, far, missing, reset] = clients;
  equal(clients.length, 4, "a span for each call that the page does not trace itself");
  equal([echo.traceId, echo.spanId, echo.parentSpanId], [parts[1], parts[2], ""], "the ids that were sent");
  equal(
    echo.attributes,
    {
      "http.request.method": "GET",
      "url.full": `${origin}/api/echo?token=REDACTED`,
      "url.template": "/api/echo",
      "server.address": "127.0.0.1",
      "server.port": Number(new URL(origin).port),
      "http.response.status_code": 200,
      "session.id": sink.logs[0].attributes["session.id"],
    },
    "attributes",
  );
  const load = sink.spans.find((span) => span.name === "documentLoad");
  equal(echo.links.map((link) => [link.traceId, link.spanId]), [[load.traceId, load.spanId]], "links the page");
  equal(far.attributes["server.port"], Number(new URL(foreign).port), "foreign calls have spans too");
  equal(
    [missing.name, missing.attributes["error.type"], missing.status],
    ["GET /api/status/{code}", "404", 2],
    "a status that fails",
  );
  equal([reset.attributes["error.type"], reset.status], ["TypeError", 2], "a call that fails");
  expect(
    seen.every(({ path }) => !path.startsWith("/sightline")) &&
      clients.every((span) => !span.attributes["url.full"].includes("/sightline")),
    "our own posts have no spans",
  );

  const allowed = await open("plain.html", { options: { serviceName: "fetch", propagateTo: [foreign] } });
  await allowed.evaluate((url) => fetch(url), `${foreign}/api/echo`);
  expect(lastSeen(), "an allowed origin is told");
});
