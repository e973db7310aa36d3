// Options that are not valid: one warning that names each, the page unharmed,
// the good ones kept. init twice: a warning and the same handle. No init: nothing.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, expect, equal }) => {
  const warnings = (page) => page.messages.filter(([type]) => type === "warning").map(([, text]) => text);
  /** The words of a warning are loaded when there is need of them. */
  const warned = async (page) => {
    while (!warnings(page).length) await page.waitForEvent("console");
  };
  const page = await open("plain.html", {
    options: {
      serviceName: "half-good",
      serviceVersion: 7,
      endpoint: "ftp://collector",
      propagateTo: ["https://api.example", "*"],
      routes: ["/ok/{id}", "no-slash", "/a{b", "/ok/{other}"],
      sampleRatio: 2,
      compress: "yes",
      persist: 0,
      engine: "rust",
      tracesSampleRate: 1,
    },
  });
  await page.evaluate(() => fetch("/api/echo"));
  await page.evaluate(() => sightline.flush());
  await warned(page);
  saw.warnings = warnings(page);
  equal(
    saw.warnings,
    [
      "Sightline: init(): serviceVersion must be a string that is not empty; " +
        "endpoint must be a path or an http(s) URL; " +
        "sampleRatio must be a number from 0 to 1; " +
        "compress must be true or false; " +
        "persist must be true or false; " +
        'engine must be "auto", "wasm" or "js"; ' +
        "tracesSampleRate is not an option; " +
        "propagateTo[1] must be an http(s) URL or a RegExp; " +
        'routes[1] must start with "/"; ' +
        'routes[2] braces must enclose a name, as in "/products/{id}" or "/files/{name}.json"; ' +
        "routes[3] matches the same paths as an earlier template",
    ],
    "one warning, every problem",
  );
  equal(page.errors, [], "the page is unharmed");
  equal(sink.received[0].resource["service.name"], "half-good", "good options are kept");
  expect(sink.spans.length > 0, "defaults stand in for the rest");

  const without = await open("plain.html?nofetch");
  equal(await without.evaluate(() => typeof window.fetch), "undefined", "no fetch appears where there is none");
  equal(without.errors, [], "a page without fetch is unharmed");
  await without.close();

  const twice = await page.evaluate(async () => {
    const { init } = await import("/sdk/index.js");
    const second = init({ serviceName: "second" });
    // Another copy of the package.
    const copy = (await import("/sdk/index.js?copy")).init({ serviceName: "third" });
    return [second === window.sightline, copy === window.sightline];
  });
  equal(twice, [true, true], "one handle a page");
  equal(warnings(page).length, 3, "a warning for each further call");
  await leave(page);

  for (const options of ["null", "42", "[]"]) {
    const page = await open(`plain.html?options=${options}`);
    await page.evaluate(() => sightline.flush());
    await warned(page);
    expect(warnings(page).length === 1 && warnings(page)[0].includes("serviceName must be"), options, page.messages);
    equal(page.errors, [], `${options}: the page is unharmed`);
    await page.close();
  }

  const bare = await open("bare.html");
  const untouched = await bare.evaluate(async () => {
    const before = window.fetch;
    const globals = Object.keys(window).length;
    await import("/sdk/index.js");
    return window.fetch === before && Object.keys(window).length === globals;
  });
  expect(untouched, "importing does nothing");
});
