// Uncaught errors and unhandled rejections arrive as exception events, whatever
// was thrown, without what is secret in them; a storm is told once and counted.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, expect, equal, foreign }) => {
  const page = await open("errors.html");
  await page.waitForFunction(() => window.done);
  await page.addScriptTag({ url: `${foreign}/throws.js` });
  // A page that is left before its engine is there tells nothing itself.
  await page.evaluate(() => sightline.flush());
  await leave(page);
  await sink.until("the account of losses", () => sink.logs.some((log) => log.eventName === "sightline.lost"));
  const told = sink.exceptions().map(({ attributes }) => [
    attributes["exception.type"],
    attributes["exception.message"],
  ]);
  saw.told = told;
  const expected = [
    ["TypeError", "no user REDACTED"],
    ["NotFoundError", "gone"],
    ["string", "a text"],
    ["number", "42"],
    ["undefined", "undefined"],
    ["null", "null"],
    ["object", "[object Object]"],
    ["symbol", "Symbol(own)"],
    ["TypeError", "Cannot read properties of undefined (reading 'missing')"],
    ["RangeError", "rejected with password=REDACTED"],
    ["string", "a text rejected"],
    ["AbortError", "stopped"],
    ["Error", "again and again"],
    ["Error", "Script error."],
    ["Error", "outer"],
    ["EvalError", "caught"],
  ];
  for (const one of expected) {
    expect(told.some((other) => JSON.stringify(other) === JSON.stringify(one)), "told", one);
  }
  equal(told.filter(([, message]) => message === "again and again").length, 1, "the storm is told once");
  const lost = sink.logs.filter((log) => log.eventName === "sightline.lost").at(-1).attributes;
  saw.lost = lost;
  const reasons = Object.entries(lost).filter(([name]) => name.startsWith("sightline.lost."));
  const counted = reasons.reduce((sum, [, count]) => sum + count, 0);
  // Thirteen and four kinds, the storm, the foreign script and one that was caught.
  equal(told.length + counted, 13 + 4 + 500 + 1 + 1, "every error is told or counted");
  for (const { severity, attributes, traceId } of sink.exceptions()) {
    equal(severity, 17, "ERROR");
    equal(attributes["url.path"], "/errors.html", "where");
    expect(traceId.length === 32, "within the page's trace");
  }
  const fingerprints = sink.exceptions().map(({ attributes }) => attributes["sightline.exception.fingerprint"]);
  expect(fingerprints.every((one) => /^[0-9a-f]{16}$/.test(one)), "each has a fingerprint", fingerprints);
  const sources = new Set(sink.exceptions().map(({ attributes }) => attributes["sightline.exception.source"]));
  equal([...sources].sort(), ["captured", "uncaught", "unhandled_rejection"], "and says how it came");
  const stack = sink.exceptions().find(({ attributes }) => attributes["exception.type"] === "TypeError");
  expect(/errors\.html:\d+:\d+/.test(stack.attributes["exception.stacktrace"]), "a stack with lines", stack);
  const outer = sink.exceptions().find(({ attributes }) => attributes["exception.message"] === "outer");
  const causes = outer.attributes["exception.stacktrace"];
  expect(/\nCaused by: RangeError: led to it by REDACTED\n/.test(causes), "what led to it", causes);
  const all = JSON.stringify(sink.received.map((batch) => batch.items));
  for (const secret of ["example.org", "hunter2", "a secret of another origin"]) {
    expect(!all.includes(secret), `"${secret}" stays on the page`);
  }
  equal(page.errors.filter((text) => /sightline|sdk/i.test(text)), [], "no error of ours on the page");
});
