// No collector: the page notices nothing, what waits is bounded, and when the
// collector is back it gets what waited, and an account of what was lost.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, sink, saw, expect, equal }) => {
  const calls = () => sink.spans.filter((span) => span.kind === 3);
  const account = () => sink.logs.filter((log) => log.eventName === "sightline.lost").at(-1)?.attributes ?? {};
  const lost = () =>
    Object.entries(account())
      .filter(([name]) => name.startsWith("sightline.lost."))
      .reduce((sum, [, count]) => sum + count, 0);

  for (const [name, options, atLeast] of [
    ["kept in storage", { serviceName: "keeps" }, 1201],
    ["kept in memory only", { serviceName: "forgets", persist: false }, 300],
  ]) {
    sink.received.length = 0;
    sink.answer = "refuse";
    const page = await open("plain.html", { options });
    const fetchMany = (count) =>
      page.evaluate(async (count) => {
        for (let at = 0; at < count; at++) await fetch(`/api/echo?number=${at}`);
      }, count);
    const flush = () => page.evaluate(() => sightline.flush());
    await fetchMany(1200);
    await flush();
    await page.evaluate(() => setTimeout(() => { throw new Error("meanwhile"); }));
    await fetchMany(1);
    equal(page.errors.filter((text) => !text.includes("meanwhile")), [], "no error of ours on the page");
    equal(sink.received.length, 0, "nothing arrived");

    sink.answer = 503;
    await flush();
    expect(sink.received.length > 0, "the collector was asked");
    sink.received.length = 0;

    sink.answer = 200;
    await flush();
    // One answer leads to the next request, for what was stored, too.
    await sink.until(`${name}: every call arrives or is counted`, () => calls().length + lost() === 1201);
    saw[name] = { delivered: calls().length, account: account() };
    expect(calls().length >= atLeast, `${name}: what there was room for`, calls().length);
    expect(sink.exceptions().length === 1, `${name}: the error waited too`);
    const ids = sink.spans.map((span) => span.spanId);
    equal(new Set(ids).size, ids.length, `${name}: nothing twice`);
    expect(sink.received.every(({ bytes }) => bytes.body <= 32 * 1024), "batches fit a keepalive request");
    expect(sink.received.every(({ bytes }) => bytes.sent < bytes.body), "compressed");
    const before = account()["sightline.lost.rejected"] ?? 0;

    sink.answer = 400;
    await fetchMany(1);
    await flush();
    sink.answer = 200;
    await fetchMany(1);
    await flush();
    await flush();
    equal(account()["sightline.lost.rejected"] - before, 1, "what is refused for good is counted");
    await page.close();
  }
});
