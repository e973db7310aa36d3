// Views where the browser tells no soft navigations: an address that changes
// after an input begins one; a script that changes it by itself does not.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, equal }) => {
  const page = await open("parity/soft.html?plain");
  await page.waitForFunction(() => window.observed && document.readyState === "complete");
  await page.evaluate(() => sightline.flush());
  await page.evaluate(() => history.replaceState({}, "", "/parity/by-itself"));
  await page.click("#work");
  await page.waitForFunction(() => observed.event.some((entry) => entry.name === "click"));
  await page.click("#to");
  await page.waitForFunction(() => document.querySelector("#at-to"));
  // The browser counts an interaction when its effect has been painted.
  await page.waitForFunction(() => performance.interactionCount >= 2);
  await page.evaluate(() => setTimeout(() => { throw new Error("in the second view"); }));
  await leave(page);
  await sink.until("both views", () => new Set(vitals().map((vital) => vital.view)).size === 2 && sink.exceptions().length);

  function vitals() {
    return sink.logs
      .filter((log) => log.eventName === "browser.web_vital")
      .map(({ attributes }) => ({
        view: attributes["sightline.view.id"],
        name: attributes["browser.web_vital.name"],
        type: attributes["browser.web_vital.navigation_type"],
        path: attributes["url.path"],
      }));
  }
  saw.vitals = vitals();
  const views = [...new Set(vitals().map(({ view }) => view))].map((id) => {
    const own = vitals().filter(({ view }) => view === id);
    return [own[0].type, own[0].path, own.map(({ name }) => name).sort().join(" ")];
  });
  equal(
    views,
    [
      ["navigate", "/parity/soft.html", "cls fcp inp lcp ttfb"],
      ["soft-navigation", "/parity/products/42", "cls inp ttfb"],
    ],
    "what each view tells",
  );
  equal(sink.exceptions()[0].attributes["sightline.view.id"], vitals().at(-1).view, "an error tells its view");
});
