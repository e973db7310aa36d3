// Spans of fetch calls, `traceparent` where it may go and nowhere else, and a
// fetch that stays for the page what it was: every case of fetch_cases.js gives
// the same with the SDK as without, to the page and to the server.

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

  // The same cases with the SDK, with the SDK allowed to tell the foreign
  // origin, and without it.
  const runs = {};
  for (const [name, file, options] of [
    ["bare", "bare.html"],
    ["patched", "plain.html", { serviceName: "cases" }],
    ["propagating", "plain.html", { serviceName: "cases", propagateTo: [foreign] }],
  ]) {
    const page = await open(file, { options });
    const names = await page.evaluate(async () => Object.keys((await import("/fetch_cases.js")).cases));
    runs[name] = {};
    for (const one of names) {
      const before = seen.length;
      const result = await page.evaluate(
        async ([one, context]) => (await import("/fetch_cases.js")).run(one, context),
        [one, { foreign }],
      );
      // Where a connection breaks that it used before, a browser asks again.
      const once = seen.slice(before).filter(({ path }, at) => !at || path !== "/api/reset");
      const asked = once.map(({ path, search, method, headers, body }) => {
        const { traceparent, host, referer, ...rest } = headers;
        // Multipart boundaries and the page's own address differ by nature.
        return {
          path, search, method, body, headers: rest,
          referer: referer && new URL(referer).pathname.replace(/^\/(bare|plain)\.html$/, "/page.html"),
        };
      });
      runs[name][one] = { result, asked };
    }
    equal(page.errors, [], `${name}: no error on the page`);
    await page.close();
  }
  saw.cases = Object.keys(runs.bare).length;
  for (const name of ["patched", "propagating"]) {
    for (const [one, expected] of Object.entries(runs.bare)) {
      equal(runs[name][one], expected, `${name}: ${one}`);
    }
  }
  expect(
    seen.some(({ headers }) => headers.traceparent && headers["sec-fetch-site"] !== "same-origin"),
    "an allowed origin is told",
  );
});
