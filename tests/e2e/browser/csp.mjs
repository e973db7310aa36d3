// A policy that forbids wasm: the page is unharmed, everything is undone, and
// the console says so once, at debug level.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, equal }) => {
  const page = await open("plain.html", {
    headers: { "content-security-policy": "default-src 'self'; script-src 'self'" },
  });
  const native = await page.evaluate(async () => {
    await window.sightline.flush();
    const status = (await fetch("/api/echo")).status;
    window.sightline.shutdown();
    return [nativeFetch !== patchedFetch, nativeFetch === window.fetch, status];
  });
  equal(native, [true, true, 200], "fetch is the browser's own again");
  saw.messages = page.messages;
  const ours = page.messages.filter(([, text]) => text.startsWith("Sightline"));
  equal(ours.length, 1, "one message", ours);
  equal(ours[0]?.[0], "debug", "at debug level");
  equal(page.errors, [], "no error on the page");
  await leave(page);
  equal(sink.received.length, 0, "nothing is sent");

  const allowed = await open("plain.html", {
    headers: { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" },
  });
  await allowed.evaluate(() => sightline.flush());
  await leave(allowed);
  await sink.until("what a page tells that allows wasm", () => sink.vitals().cls);
});
