// The collector is asked again no earlier than it wants, nor in step with other
// pages, and never by more than two requests at once.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, sink, saw, expect, equal }) => {
  const asked = [];
  const arrivals = () => sink.received.length;
  for (const [name, status, told] of [
    ["seconds", 429, () => "7"],
    ["a date", 503, () => new Date(Date.now() + 9000).toUTCString()],
  ]) {
    const page = await open("plain.html");
    await page.evaluate(() => sightline.flush());
    await page.evaluate(() => setTimeout(() => { throw new Error("to be told"); }));
    sink.received.length = 0;
    sink.answer = status;
    sink.headers = { "retry-after": told() };
    const until = Date.now() + 7000;
    await page.evaluate(() => sightline.flush());
    const first = arrivals();
    expect(first > 0, `${name}: asked once`);
    sink.answer = 200;
    sink.headers = {};
    await sink.until(`${name}: the next try`, () => arrivals() > first);
    // Timers have a resolution of their own.
    const waited = Date.now() - until + 7000;
    asked.push({ told: name, waited });
    expect(waited > 6900 && waited < 20_000, `${name}: not before its time, nor long after`, waited);
    await sink.until(`${name}: it arrives`, () => sink.exceptions().some(({ attributes }) => attributes["exception.message"] === "to be told"));
    await page.close();
  }
  saw.asked = asked;

  // A slow collector: two requests at once, whatever there is to send.
  sink.received.length = 0;
  sink.delayMs = 300;
  const page = await open("plain.html");
  sink.mostOpen = 0;
  await page.evaluate(async () => {
    for (let at = 0; at < 900; at++) await fetch(`/api/echo/${at}`);
  });
  await sink.until("all calls", () => sink.spans.filter((span) => span.kind === 3).length === 900);
  saw.mostOpen = sink.mostOpen;
  equal(sink.mostOpen, 2, "at most two at once");
});
