// XMLHttpRequest: each case once by a frame whose methods are the browser's own and
// once by the page, whose methods are ours: events, results and what is thrown are
// the same. Then the spans, and who was sent a traceparent.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, foreign, sink, seen, saw, equal, expect }) => {
  const page = await open("plain.html", {
    options: { serviceName: "shop-browser", routes: ["/api/{name}"], propagateTo: [`${foreign}/api/echo`] },
  });
  const told = await page.evaluate(async (foreign) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const EVENTS = ["readystatechange", "loadstart", "progress", "load", "error", "abort", "timeout", "loadend"];
    /** Runs a case; what the page sees of it, in order. */
    const run = (Xhr, prepare) =>
      new Promise((done) => {
        const xhr = new Xhr();
        const log = [];
        for (const type of EVENTS) {
          xhr.addEventListener(type, () => {
            // Progress comes as often as the network likes.
            if (type !== "progress") log.push(`${type} ${xhr.readyState} ${xhr.status}`);
            if (type === "loadend") setTimeout(finish);
          });
        }
        const finish = () => {
          const text = xhr.responseType === "json" ? JSON.stringify(xhr.response) : xhr.responseText;
          done({ log, text, answer: xhr.readyState > 1 ? xhr.getResponseHeader("x-answer") : null });
        };
        try {
          log.push(`returns ${prepare(xhr)}`);
        } catch (error) {
          log.push(`throws ${error.name}`);
          setTimeout(finish);
        }
      });
    const cases = {
      get: (xhr) => (xhr.open("GET", "/api/echo"), xhr.send()),
      post: (xhr) => {
        xhr.open("post", new URL("/api/echo", location.href));
        xhr.setRequestHeader("X-Own", "1");
        xhr.responseType = "json";
        xhr.send("body");
      },
      missing: (xhr) => (xhr.open("GET", "/api/status/404"), xhr.send(null)),
      sync: (xhr) => (xhr.open("GET", "/api/echo", false), xhr.send(), xhr.responseText.length),
      abort: (xhr) => {
        xhr.open("GET", "/api/hang");
        xhr.send();
        setTimeout(() => xhr.abort(), 50);
      },
      timeout: (xhr) => {
        xhr.open("GET", "/api/hang");
        xhr.timeout = 50;
        xhr.send();
      },
      reset: (xhr) => (xhr.open("GET", "/api/reset"), xhr.send()),
      resetSync: (xhr) => (xhr.open("GET", "/api/reset", false), xhr.send()),
      own: (xhr) => {
        xhr.open("GET", "/api/echo?own");
        xhr.setRequestHeader("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        xhr.send();
      },
      unopened: (xhr) => xhr.send(),
      badMethod: (xhr) => xhr.open("TRACK", "/api/echo"),
      badUrl: (xhr) => xhr.open("GET", "http://["),
      twice: (xhr) => {
        xhr.open("GET", "/api/echo");
        xhr.send();
        try {
          xhr.send();
        } catch (error) {
          return error.name;
        }
      },
      reopened: (xhr) => {
        xhr.open("GET", "/api/hang");
        xhr.send();
        xhr.open("GET", "/api/echo");
        xhr.send();
      },
      allowed: (xhr) => (xhr.open("GET", `${foreign}/api/echo`), xhr.send()),
      notAllowed: (xhr) => (xhr.open("GET", `${foreign}/api/status/200`), xhr.send()),
      data: (xhr) => (xhr.open("GET", "data:text/plain,x"), xhr.send()),
    };
    const result = {};
    for (const [name, prepare] of Object.entries(cases)) {
      result[name] = [await run(frame.contentWindow.XMLHttpRequest, prepare), await run(XMLHttpRequest, prepare)];
    }
    const names = ["open", "setRequestHeader", "send"];
    const shape = (window) => names.map((name) => {
      const { length, name: called } = window.XMLHttpRequest.prototype[name];
      return [called, length];
    });
    result.shape = [shape(frame.contentWindow), shape(window)];
    window.frameXhr = names.map((name) => XMLHttpRequest.prototype[name]);
    await sightline.flush();
    return result;
  }, foreign);
  for (const [name, [native, ours]] of Object.entries(told)) equal(ours, native, name);
  saw.get = told.get[1];

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
      "GET /api/{name} 200", // twice
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

  const restored = await page.evaluate(() => {
    sightline.shutdown();
    const names = ["open", "setRequestHeader", "send"];
    return names.map((name, at) => window.frameXhr[at] !== XMLHttpRequest.prototype[name] && /native code/.test(XMLHttpRequest.prototype[name]));
  });
  equal(restored, [true, true, true], "shutdown gives the browser's own back");
  // The frame's and the page's synchronous resets are all that the console tells.
  equal(page.errors, [], "no error on the page");
});
