// A policy that forbids wasm: the same engine as JavaScript tells the same of the
// same page. `engine: "js"` does not even try wasm, so that the policy has nothing
// to report; `engine: "wasm"` tries nothing else, leaves the page as it was, and
// says so once, at debug level.

import { scenario } from "./stage.mjs";

const FORBIDS = { "content-security-policy": "default-src 'self'; script-src 'self'" };
const ALLOWS = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

await scenario(async ({ open, leave, sink, saw, equal, expect }) => {
  /** What a page tells of one fetch, one error and its vitals, without what
   * differs each time: ids, times. */
  const told = async (engine, headers) => {
    const from = sink.received.length;
    const page = await open("plain.html", {
      headers,
      options: { serviceName: "shop-browser", routes: ["/api/{name}"], engine },
    });
    const violations = await page.evaluate(async () => {
      await fetch("/api/echo?token=secret");
      // Digits of every size, a secret, and text beyond ASCII.
      setTimeout(() => {
        throw new RangeError("caf\u00e9 of ada@example.org, card 4111 1111 1111 1111, 1700000000000");
      });
      await new Promise((done) => addEventListener("error", done, { once: true }));
      await sightline.flush();
      const observer = new ReportingObserver(() => {}, { types: ["csp-violation"], buffered: true });
      observer.observe();
      return observer.takeRecords().map((report) => report.body.effectiveDirective);
    });
    await leave(page);
    // Events and spans come in requests of their own.
    const has = (wanted) => sink.received.slice(from).some(({ items }) => items.some(wanted));
    await sink.until(`what ${engine} tells`, () =>
      has(({ attributes }) => attributes["browser.web_vital.name"] === "cls") &&
      has(({ eventName }) => eventName === "exception") &&
      has(({ name }) => name === "documentLoad") &&
      has(({ kind }) => kind === 3),
    );
    const batches = sink.received.slice(from);
    const items = batches.flatMap(({ signal, resource, items }) => items.map((item) => ({ signal, resource, item })));
    const plain = items.map(({ signal, resource, item }) => {
      const attributes = { ...item.attributes };
      for (const name of ["id", "value", "delta", "rating"]) delete attributes[`browser.web_vital.${name}`];
      // What vitals are made of is there, but differs with their values.
      for (const name of Object.keys(attributes)) {
        if (typeof attributes[name] === "number" && name.startsWith("sightline.web_vital.")) attributes[name] = 0;
      }
      delete attributes["sightline.web_vital.load_state"];
      delete attributes["sightline.view.id"];
      delete attributes["exception.stacktrace"];
      attributes["sightline.breadcrumbs"] &&= attributes["sightline.breadcrumbs"].map((line) => line.replace(/^\d+/, ""));
      // The options and the policy are part of the page's own address.
      for (const name of ["url.full"]) attributes[name] &&= attributes[name].split("?")[0];
      return JSON.stringify([signal, resource, item.name ?? item.eventName, attributes]);
    });
    // Whichever page comes first begins the session.
    const shared = plain.filter((item) => !item.includes('"session.start"'));
    return { page, items, violations, plain: shared.sort() };
  };

  const wasm = await told("auto", ALLOWS);
  const fallback = await told("auto", FORBIDS);
  const js = await told("js", FORBIDS);
  equal(fallback.plain, wasm.plain, "the fallback tells the same");
  equal(js.plain, wasm.plain, "and where it was asked for, too");
  expect(wasm.plain.length >= 6, "a fetch, a load, an error and vitals", wasm.plain);
  for (const run of [wasm, fallback, js]) {
    const { startMs, endMs } = run.items.find(({ item }) => item.name === "documentLoad").item;
    expect(Math.abs(Date.now() - startMs) < 60_000 && endMs > startMs && endMs < startMs + 60_000, "64-bit times", { startMs, endMs });
    equal(run.page.errors.length, 1, "no error but the page's own", run.page.errors);
  }
  saw.violations = [wasm, fallback, js].map((run) => run.violations);
  equal(saw.violations, [[], ["script-src"], []], "auto tries, which the browser reports; js does not");

  const received = sink.received.length;
  const page = await open("plain.html", { headers: FORBIDS, options: { serviceName: "a", engine: "wasm" } });
  const native = await page.evaluate(async () => {
    await window.sightline.flush();
    const status = (await fetch("/api/echo")).status;
    window.sightline.shutdown();
    return [nativeFetch !== patchedFetch, nativeFetch === window.fetch, status];
  });
  equal(native, [true, true, 200], "fetch is the browser's own again");
  const ours = page.messages.filter(([, text]) => text.startsWith("Sightline"));
  equal(ours.length, 1, "one message", ours);
  equal(ours[0]?.[0], "debug", "at debug level");
  equal(page.errors, [], "no error on the page");
  await leave(page);
  equal(sink.received.length, received, "nothing is sent");
});
