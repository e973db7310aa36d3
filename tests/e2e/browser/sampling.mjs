// Sampling: all traces of a session are kept or none, on every page, and the server
// is told; what was not kept is sent after all when something goes wrong.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, seen, saw, equal, expect }) => {
  const options = { serviceName: "shop-browser", sampleRatio: 0.25 };
  /** What a page of a session of this number tells of three calls. */
  const visit = async (number, fail, idleMs = 0) => {
    const from = [sink.spans.length, seen.length];
    const now = Date.now() - idleMs;
    const script = `localStorage.setItem("sightline.session", "${"7".repeat(32)} ${now} ${now} ${number}")`;
    const page = await open("plain.html", { options, script });
    await page.evaluate(() => fetch("/api/echo?before"));
    await page.evaluate(() => sightline.flush());
    await page.evaluate(() => fetch("/api/echo?after"));
    await page.evaluate(() => new Promise((done) => Object.assign(new Image(), { onerror: done, src: "/missing.png" })));
    if (fail) await page.evaluate(() => sightline.captureException(new Error("wrong")));
    await page.evaluate(() => fetch("/api/echo?last"));
    const session = await page.evaluate(() => localStorage.getItem("sightline.session"));
    const loads = sink.logs.length;
    await leave(page);
    await sink.until("its vitals", () => sink.logs.slice(loads).some(({ attributes }) => attributes["browser.web_vital.name"] === "cls"));
    if (fail) await sink.until("its spans", () => calls(from[0]).length === 3);
    const flags = seen.slice(from[1]).map(({ headers }) => headers.traceparent.slice(-2));
    return { flags, session, spans: calls(from[0]), traces: seen.slice(from[1]).map(({ headers }) => headers.traceparent.slice(3, 35)) };
  };
  const calls = (from) => sink.spans.slice(from).filter(({ name }) => name === "GET /api/echo").map(({ traceId }) => traceId);

  for (const number of [0.75, 0.9, 0.999]) {
    const { flags, spans, traces, session } = await visit(number);
    equal(flags, ["03", "03", "03"], `${number}: kept`);
    await sink.until("its spans", () => traces.every((id) => sink.spans.some(({ traceId }) => traceId === id)));
    equal(+session.split(" ")[3], number, "its number stays");
    expect(spans.length <= 3, "each once", spans);
  }
  for (const number of [0.001, 0.5, 0.749]) {
    const { flags, spans } = await visit(number);
    equal([flags, spans], [["02", "02", "02"], []], `${number}: not kept`);
  }
  // A session that is over says nothing of the next, which has one number, too.
  const HOUR = 3600e3;
  for (const number of [0.999999, 0.000001]) {
    const { flags, session } = await visit(number, false, HOUR);
    const next = +session.split(" ")[3];
    expect(next !== number && next >= 0 && next < 1, `${number}: a number of its own`, session);
    equal(new Set(flags).size, 1, "all of its requests agree");
    equal(flags[0], next >= 0.75 ? "03" : "02", "with its number");
  }
  const closed = await open("plain.html?nostorage", { options: { ...options, sampleRatio: 0.999 } });
  equal(await closed.evaluate(() => window.fetch !== window.nativeFetch), true, "a page without storage is watched, too");
  await closed.close();
  const { flags, spans, traces } = await visit(0.1, true);
  saw.failed = { flags, spans, traces };
  equal(flags, ["02", "02", "03"], "from the error on all is kept");
  equal(spans.toSorted(), traces.toSorted(), "and what was before it is sent, too");
});
