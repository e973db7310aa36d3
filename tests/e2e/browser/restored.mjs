// A page that goes into the back/forward cache before its engine is there, and
// comes back: what it had left in storage is told once, by it or by the page that
// found it meanwhile; what it sees afterwards is told, too.

import { scenario } from "./stage.mjs";

/** The engine comes when `release` is called. */
function hold() {
  if (!location.search.includes("held")) return;
  const { instantiate } = WebAssembly;
  const released = new Promise((resolve) => (window.release = resolve));
  WebAssembly.instantiate = async (...args) => {
    await released;
    return instantiate.apply(WebAssembly, args);
  };
  window.restores = 0;
  addEventListener("pageshow", ({ persisted }) => (restores += persisted));
}

await scenario(
  async ({ open, context, sink, saw, origin, equal }) => {
    const names = (path) => [
      ...sink.spans.filter(({ attributes }) => attributes["url.full"]?.includes(path)).map(({ name }) => name),
      ...sink.logs.map(({ attributes }) => attributes["exception.message"]).filter(Boolean),
    ].sort();
    const times = (vital) => sink.logs.filter(({ attributes }) => attributes["browser.web_vital.name"] === vital && attributes["url.path"] === "/plain.html").length;
    const fail = (page, message) =>
      page.evaluate((message) => new Promise((done) => {
        addEventListener("error", done, { once: true });
        setTimeout(() => { throw new Error(message); });
      }), message);
    const back = async (page, restores) => {
      await page.evaluate(() => history.back()).catch(() => {});
      await page.waitForFunction((restores) => window.restores === restores, restores);
    };

    for (const [name, between] of [
      // The SDK is not there: nobody finds what was left.
      ["nobody told it", ["/bare.html"]],
      ["another page told it", ["/vitals.html"]],
      ["twice away, told the second time", ["/bare.html", "/vitals.html"]],
      ["twice away, told the first time", ["/vitals.html", "/bare.html"]],
      ["told each time", ["/vitals.html", "/vitals.html"]],
    ]) {
      sink.received.length = 0;
      const page = await open("plain.html?held", { script: hold });
      await page.waitForFunction(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
      await fail(page, "at first");
      for (const [at, path] of between.entries()) {
        await page.goto(origin + path);
        if (path === "/vitals.html") {
          await page.evaluate(() => sightline.flush());
          await sink.until(`${name}: what was left`, () => names("/plain.html").includes("at first"));
        }
        await back(page, at + 1);
        await fail(page, `restored ${at}`);
      }
      await page.evaluate(() => release());
      await page.evaluate(() => sightline.flush());
      await fail(page, "at last");
      await page.goto(`${origin}/bare.html`);
      await sink.until(`${name}: the last`, () => names("/plain.html").includes("at last"));
      const expected = ["at first", "at last", "documentLoad", ...between.map((_, at) => `restored ${at}`)];
      saw[name] = names("/plain.html");
      equal(saw[name], expected, `${name}: all once`);
      equal(times("ttfb"), 1, `${name}: one first byte`);
      equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key !== "sightline.session")), [], `${name}: nothing stays`);
      await page.close();
    }
  },
  { ignoreDefaultArgs: ["--disable-back-forward-cache"] },
);
