// Nothing is lost when the page goes: by a link, by closing the tab, by hiding
// it; and shutdown leaves the page as it was.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, context, sink, saw, expect, equal }) => {
  const ready = (page) =>
    page.waitForFunction(() => performance.getEntriesByType("resource").some((e) => e.name.endsWith(".wasm")));
  const clear = () => (sink.received.length = 0);

  for (const [how, go] of [
    ["by a link", (page) => leave(page)],
    ["by closing the tab", (page) => page.close({ runBeforeUnload: true })],
    ["by a reload", (page) => page.reload()],
  ]) {
    clear();
    const page = await open("plain.html");
    await ready(page);
    await page.evaluate(() => sightline.flush());
    await page.evaluate(() => { fetch("/api/echo?last"); setTimeout(() => { throw new Error("last words"); }); });
    await page.waitForFunction(() => performance.getEntriesByName(`${location.origin}/api/echo?last`).length);
    await go(page);
    await sink.until(`${how}: the last words`, () => sink.exceptions().length && sink.vitals().cls && sink.vitals().lcp);
    await sink.until(`${how}: the last call`, () => sink.spans.some((span) => span.kind === 3));
    saw[how] = sink.received.length;
  }

  // Left before the engine is there: the next page tells it.
  clear();
  await context.route("**/engine.js", () => {});
  const early = () => addEventListener("load", () => { setTimeout(() => { throw new Error(`early ${location.search.slice(-1)}`); }); });
  for (let at = 0; at < 3; at++) {
    const page = await open(`plain.html?page=${at}`, { script: early });
    await page.waitForFunction(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
    if (at) await page.close({ runBeforeUnload: true });
    else await leave(page);
  }
  const silent = await open("plain.html?page=3", { script: early, options: { serviceName: "s", persist: false } });
  await leave(silent);
  equal(sink.received.length, 0, "nothing could be sent");
  await context.unroute("**/engine.js");
  const next = await open("plain.html");
  const loads = () => sink.spans.filter((span) => span.name === "documentLoad");
  await sink.until("the loads of the pages left early", () => loads().length >= 4);
  await sink.until("what happened there", () => sink.exceptions().length >= 3);
  const told = sink.exceptions().map(({ attributes }) => attributes["exception.message"]);
  equal(told.sort(), ["early 0", "early 1", "early 2"], "each once");
  equal(new Set(loads().map((span) => span.spanId)).size, 4, "loads of their own");
  equal(await next.evaluate(() => Object.keys(localStorage)), ["sightline.session"], "nothing else stays in storage");
  await next.close();

  // What it leaves holds no secret of a URL, and is of use all the same.
  clear();
  await context.route("**/engine.js", () => {});
  const secret = await open("plain.html?page=4&token=s3cret#access=s3cret");
  const stack = await secret.evaluate(async () => {
    await fetch("/api/items/42?token=s3cret", { method: "POST", body: "x" });
    const request = new XMLHttpRequest();
    request.open("GET", location.origin.replace("//", "//me:s3cret@") + "/api/items/43?a=(b)&pin=s3cret");
    request.send();
    await new Promise((done) => request.addEventListener("loadend", done));
    const error = new Error(`no answer of ${location.origin}/api/items/44?token=s3cret (it seems)`);
    error.stack = `Error: no answer\n    at ask (${location.origin}/app.js?key=s3cret:10:5)\n    at ${location.origin}/lib/@x/y.js:2:7`;
    dispatchEvent(new ErrorEvent("error", { error }));
    const circular = {};
    circular.self = circular;
    sightline.setAttributes({ tenant: "blue", plan: "old" });
    sightline.setAttributes({ plan: undefined });
    sightline.addEvent("signed up", { password: "s3cret", "api-key": "s3cret", accessToken: "s3cret", circular, big: 7n, count: 3, deep: { s3cret: "s3cret" } });
    return error.stack;
  });
  await leave(secret);
  const stored = await secret.evaluate(() => Object.entries(localStorage).filter(([name]) => name !== "sightline.session").flat().join("\n"));
  expect(stored.includes("/api/items/42") && stored.includes("/api/items/43"), "it left something", stored);
  expect(!stored.includes("s3cret"), "nothing secret lies in storage", stored);
  await context.unroute("**/engine.js");
  const finder = await open("plain.html");
  await sink.until("what the page with secrets left", () => sink.exceptions().length && sink.spans.length >= 4);
  const { big, count, tenant, plan, password } = sink.logs.find(({ eventName }) => eventName === "signed up").attributes;
  equal([big, count, tenant, plan, password], ["7", 3, "blue", undefined, undefined], "attributes are kept, but none that is secret");
  const names = sink.spans.map((span) => span.name).filter((name) => name.includes("items"));
  equal(names.sort(), ["GET /api/items/{id}", "POST /api/items/{id}"], "routes are as ever");
  const [{ attributes: thrown }] = sink.exceptions();
  equal(thrown["exception.message"], `no answer of ${secret.url().split("/blank")[0]}/api/items/44 (it seems)`, "of a message the rest stays");
  equal(thrown["exception.stacktrace"], stack.replace("?key=s3cret", ""), "of a stack line and column stay");
  equal(thrown["url.path"], "/plain.html", "where it happened");
  await finder.close();

  // Found by several at once, beside what no page of ours left: each is told once.
  clear();
  await context.route("**/engine.js", () => {});
  const several = await open("plain.html");
  await several.evaluate(() => sightline.addEvent("left once"));
  await leave(several);
  await several.evaluate(() => {
    const [name, text] = Object.entries(localStorage).find(([name]) => name.startsWith("sightline.0"));
    const foreign = ["", "x", "7", "null", "{}", "[]", "[1,2,3]", "[1,null,[null,5,[]]]", "[1,{},[[14,[1],7]]]"];
    foreign.forEach((value, at) => localStorage.setItem(`${name}${at}`, value));
    localStorage.setItem(`${name}9`, text.replace("left once", "left, too"));
  });
  await context.unroute("**/engine.js");
  const finders = await Promise.all([1, 2, 3, 4].map(() => open("plain.html")));
  const events = () => sink.logs.map(({ eventName }) => eventName).filter((name) => name.startsWith("left")).sort();
  await sink.until("what they found", () => events().length >= 2);
  for (const page of finders) await page.evaluate(() => sightline.flush());
  equal(events(), ["left once", "left, too"], "each once");
  equal(await finders[0].evaluate(() => Object.keys(localStorage)), ["sightline.session"], "all is taken out");

  clear();
  const page = await open("plain.html");
  const undone = await page.evaluate(async () => {
    const patched = window.fetch;
    await window.sightline.flush();
    setTimeout(() => { throw new Error("before"); });
    await new Promise((resolve) => setTimeout(resolve, 20));
    window.sightline.shutdown();
    const restored = window.fetch;
    setTimeout(() => { throw new Error("after"); });
    await fetch("/api/echo?after");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { init } = await import("/sdk/index.js");
    const again = init({ serviceName: "again" });
    const fresh = again !== window.sightline;
    again.shutdown();
    return [restored !== patched, /\[native code\]/.test(String(restored)), fresh, window.fetch === restored];
  });
  equal(undone, [true, true, true, true], "shutdown gives fetch back; init may be called again");
  await sink.until("what waited at shutdown", () => sink.exceptions().length);
  await leave(page);
  await page.evaluate(() => fetch("/api/echo?fence"));
  const messages = sink.exceptions().map(({ attributes }) => attributes["exception.message"]);
  equal(messages, ["before"], "nothing is heard after shutdown");
  expect(!sink.spans.some((span) => span.attributes["url.full"]?.includes("after")), "no span after shutdown");

  clear();
  const wrapped = await open("plain.html");
  const kept = await wrapped.evaluate(async () => {
    const ours = window.fetch;
    const theirs = (...args) => ours(...args);
    window.fetch = theirs;
    window.sightline.shutdown();
    return [window.fetch === theirs, (await fetch("/api/echo")).status];
  });
  equal(kept, [true, 200], "a wrapper around ours stays, and works");
});
