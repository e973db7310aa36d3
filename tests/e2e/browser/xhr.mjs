// Spans of XMLHttpRequests, and who was sent a traceparent. That they stay for the
// page what they were is sameness.mjs's.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, foreign, sink, seen, equal, expect }) => {
  const page = await open("plain.html", {
    options: { serviceName: "shop-browser", routes: ["/api/{name}"], propagateTo: [`${foreign}/api/echo`] },
  });
  await page.evaluate(async (foreign) => {
    const own = XMLHttpRequest.prototype;
    window.patched = { open: own.open, setRequestHeader: own.setRequestHeader, send: own.send };
    const run = (prepare) =>
      new Promise((done) => {
        const xhr = new XMLHttpRequest();
        xhr.onloadend = () => setTimeout(done);
        try {
          prepare(xhr);
        } catch {
          done();
        }
      });
    const get = (address) => run((xhr) => (xhr.open("GET", address), xhr.send()));
    await get("/api/echo");
    await run((xhr) => (xhr.open("post", "/api/echo"), xhr.send("body")));
    await get("/api/status/404");
    await run((xhr) => (xhr.open("GET", "/api/echo?sync", false), xhr.send()));
    await run((xhr) => (xhr.open("GET", "/api/hang"), xhr.send(), setTimeout(() => xhr.abort(), 50)));
    await run((xhr) => (xhr.open("GET", "/api/hang"), (xhr.timeout = 50), xhr.send()));
    await get("/api/reset");
    await run((xhr) => (xhr.open("GET", "/api/reset", false), xhr.send()));
    await run((xhr) => {
      xhr.open("GET", "/api/echo?own");
      xhr.setRequestHeader("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
      xhr.send();
    });
    await run((xhr) => (xhr.open("GET", "/api/hang"), xhr.send(), xhr.open("GET", "/api/echo?reopened"), xhr.send()));
    // None of these is sent.
    await run((xhr) => xhr.send());
    await run((xhr) => xhr.open("TRACK", "/api/echo"));
    await get(`${foreign}/api/echo`);
    await get(`${foreign}/api/status/200`);
    await get("data:text/plain,x");
    await sightline.flush();
  }, foreign);

  const spans = sink.spans.filter((span) => span.kind === 3);
  const outcome = (span) =>
    [span.name, span.attributes["http.response.status_code"], span.attributes["error.type"]].filter(Boolean).join(" ");
  equal(
    spans.map(outcome).sort(),
    [
      "GET /api/{name} 200", // get
      "POST /api/{name} 200",
      "GET /api/status/{id} 404 404",
      "GET /api/{name} 200", // sync
      "GET /api/{name} AbortError",
      "GET /api/{name} TimeoutError",
      "GET /api/{name} NetworkError",
      "GET /api/{name} NetworkError", // of the sync one
      "GET /api/{name} 200", // reopened
      "GET /api/{name} 200", // allowed
      "GET /api/status/{id} 200", // not allowed
    ].sort(),
    "a span for each that was sent",
  );
  const sent = seen.filter(({ headers }) => headers.traceparent && !headers.traceparent.includes("0af7651916cd"));
  for (const span of spans) {
    const traceparent = sent.find(({ headers }) => headers.traceparent.includes(`${span.traceId}-${span.spanId}`));
    equal(!!traceparent, outcome(span) !== "GET /api/status/{id} 200", `traceparent of ${outcome(span)}`);
  }
  expect(seen.some(({ headers, search }) => search === "?own" && headers.traceparent.endsWith("-01")), "the page's own stays");

  const isBack = await page.evaluate(() => {
    sightline.shutdown();
    return Object.entries(patched).map(([name, ours]) => XMLHttpRequest.prototype[name] !== ours);
  });
  equal(isBack, [true, true, true], "shutdown gives the browser's own back");
  equal(page.errors, [], "no error on the page");
});
