// What the page's own code tells: events, spans, attributes, who it is, errors that
// it caught; typed, redacted, bounded, and harmless whatever it is given.

import { createHash } from "node:crypto";
import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, seen, saw, equal, expect }) => {
  const page = await open("plain.html", { options: { serviceName: "shop-browser", routes: ["/plain.html"] } });
  await page.evaluate(async () => {
    sightline.setAttributes({ tenant: "blue", "plan.paid": true });
    sightline.setUser("ada@example.org");
    sightline.addEvent("cart.add", { items: 3, "cart.value": 12.5, gift: true, gone: undefined, note: "for ada@example.org" });
    // The hash takes a moment.
    await sightline.flush();
    await crypto.subtle.digest("SHA-256", new Uint8Array());
    const outer = sightline.startSpan("checkout", { step: 1 });
    const inner = sightline.startSpan("pay", {}, outer);
    inner.setAttributes({ "error.type": "declined" });
    inner.end();
    inner.end();
    outer.end();
    sightline.captureException(new RangeError("caught"), { component: "Cart" });
    sightline.setAttributes({ tenant: undefined });
    sightline.setUser();
    await sightline.flush();
    sightline.addEvent("after");
    // A response of a worker of the page's own.
    const worker = new Worker(URL.createObjectURL(new Blob(["throw new TypeError('in a worker')"])));
    await new Promise((done) => worker.addEventListener("error", (event) => (sightline.captureException(event), done())));
    // What is no name and no attributes harms nothing.
    const hostile = { get a() { return { toString() { throw 1; } }; }, b: Symbol("s"), c: 7n, d: null, e: [1, 2], f: NaN };
    sightline.addEvent(Symbol("name"), hostile);
    sightline.addEvent(undefined);
    sightline.addEvent("many", Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, at])));
    const throws = { get key() { throw new Error("never seen"); } };
    const circular = {};
    circular.self = circular;
    sightline.addEvent("throws", throws);
    sightline.addEvent("circular", { circular, text: "kept" });
    sightline.captureException(new Error("of throws"), throws);
    sightline.captureException(new Error("of no text"), { toString: 1, valueOf: 2 });
    sightline.setAttributes(throws);
    sightline.startSpan("throws", throws).setAttributes(throws);
    for (const traceparent of ["abc", 7, {}, Symbol("s"), "00-00000000000000000000000000000000-0000000000000000-00"]) {
      sightline.startSpan("of no parent", {}, { traceparent }).end();
    }
    sightline.startSpan("of no parent", {}, { get traceparent() { throw new Error("never seen"); } }).end();
    sightline.startSpan(null, null).end();
    sightline.setAttributes(null);
    sightline.startNavigation({});
    sightline.startNavigation("http://[");
    sightline.startNavigation(Object.create(null));
    sightline.captureException();
  });
  await leave(page);
  await sink.until("the last of it", () => sink.logs.some(({ eventName }) => eventName === "many"));
  await sink.until("the page's vitals", () => sink.vitals().cls);
  saw.logs = sink.logs.map(({ eventName, attributes }) => [eventName, attributes]);

  const event = (name) => sink.logs.find(({ eventName }) => eventName === name).attributes;
  const added = event("cart.add");
  equal([added.items, added["cart.value"], added.gift, added.note, "gone" in added], [3, 12.5, true, "for REDACTED", false], "each in its type");
  equal([added.tenant, added["plan.paid"], added["url.template"]], ["blue", true, "/plain.html"], "with what everything has");
  expect(added["sightline.view.id"] && added["session.id"], "within view and session");
  const caught = sink.exceptions().find(({ attributes }) => attributes["exception.message"] === "caught").attributes;
  equal([caught.component, caught["sightline.exception.source"]], ["Cart", "captured"], "what its finder says of it");
  const hash = createHash("sha256").update("ada@example.org").digest("hex");
  equal(caught["user.hash"], hash, "who it was, hashed");
  const after = event("after");
  equal([after.tenant, after["user.hash"], after["plan.paid"]], [undefined, undefined, true], "what was taken away is gone");
  const worker = sink.exceptions().find(({ attributes }) => /in a worker/.test(attributes["exception.message"])).attributes;
  expect(/blob:/.test(worker["exception.stacktrace"]), "a worker's error and where", worker);
  equal(Object.keys(event("many")).filter((key) => key[0] === "k").length, 32, "so many attributes");

  equal(event("circular").text, "kept", "what can't be told leaves the rest");
  const roots = sink.spans.filter(({ name }) => name === "of no parent");
  equal(roots.map(({ parentSpanId }) => parentSpanId || ""), Array(6).fill(""), "a parent that is none is none");
  equal(new Set(roots.map(({ traceId }) => traceId)).size, 6, "each a trace of its own");
  const span = (name) => sink.spans.filter((one) => one.name === name);
  const [checkout] = span("checkout");
  const [pay, again] = span("pay");
  equal([pay.traceId, pay.parentSpanId, again], [checkout.traceId, checkout.spanId, undefined], "one within the other, ended once");
  equal(checkout.attributes.step, 1, "what a span tells");
  equal([pay.status, checkout.status], [2, 0], "which failed");
  const all = JSON.stringify(sink.received.map(({ items, resource }) => [items, resource]));
  expect(!all.includes("ada@example.org"), "the address stays on the page");
  equal(page.errors, ["TypeError: in a worker"], "nothing was thrown but the page's own");
});
