// No collector: the page notices nothing, what waits is bounded, and when the
// collector is back it gets what waited, and an account of what was lost.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, sink, saw, expect, equal }) => {
  sink.answer = "refuse";
  const page = await open("plain.html");
  const fetchMany = (count) =>
    page.evaluate(async (count) => {
      for (let at = 0; at < count; at++) await fetch(`/api/echo?number=${at}`);
    }, count);
  await fetchMany(600);
  await page.evaluate(() => sightline.flush());
  await page.evaluate(() => setTimeout(() => { throw new Error("meanwhile"); }));
  await fetchMany(1);
  equal(page.errors.filter((text) => !text.includes("meanwhile")), [], "no error of ours on the page");
  equal(sink.received.length, 0, "nothing arrived");

  sink.answer = 503;
  await page.evaluate(() => sightline.flush());
  expect(sink.received.length > 0, "the collector was asked");
  sink.received.length = 0;

  sink.answer = 200;
  // Each flush sends what may be in flight at once.
  for (let round = 0; round < 8; round++) await page.evaluate(() => sightline.flush());
  const clients = sink.spans.filter((span) => span.kind === 3).length;
  const lost = sink.logs.filter((log) => log.eventName === "sightline.lost").at(-1)?.attributes ?? {};
  saw.delivered = clients;
  saw.lost = lost;
  const counted = Object.values(lost).filter(Number).reduce((sum, count) => sum + count, 0);
  equal(clients + counted, 601, "every call arrived or is counted");
  expect(clients > 100, "the queue held what fits", clients);
  expect(sink.exceptions().length === 1, "the error waited too");
  const ids = sink.spans.map((span) => span.spanId);
  equal(new Set(ids).size, ids.length, "nothing twice");
  expect(sink.received.every(({ bytes }) => bytes <= 32 * 1024), "batches fit a keepalive request");

  sink.answer = 400;
  await fetchMany(1);
  await page.evaluate(() => sightline.flush());
  sink.answer = 200;
  await fetchMany(1);
  await page.evaluate(() => sightline.flush());
  await page.evaluate(() => sightline.flush());
  const rejected = sink.logs.filter((log) => log.eventName === "sightline.lost").at(-1)?.attributes;
  equal(rejected?.["sightline.lost.rejected"], 1, "what is refused for good is counted");
});
