// `fetch` and XMLHttpRequest as the page sees them, and as the server does, are
// those of the browser: every case of tests/pages/sameness/ is run in a page
// without the SDK, in one with it, and in one whose SDK may tell the other origin,
// and gives the same but for the header `traceparent`. The script's argument is the
// browser: `chromium`, `firefox` or `webkit`.

import { text } from "./sameness_api.mjs";
import { scenario } from "./stage.mjs";
import { open } from "./webdriver.mjs";

const [name = "chromium"] = process.argv.slice(2);


const TELLING = "with the SDK, which may tell the other origin";
/** What is led abroad takes the header along, which no page can help. Where it is
 * not allowed by CORS the call fails, as npm/README.md says. */
const LED = "fetchAnswers: a redirect to where nothing is allowed";

await scenario(async ({ context, seen, sink, saw, origin, foreign, expect, equal }) => {
  const browser = name === "chromium" ? await chromium(context) : await open(name, process.env[`SIGHTLINE_${name.toUpperCase()}`]);
  const runs = {};
  try {
    for (const [run, options] of [
      ["bare", undefined],
      ["with the SDK", { serviceName: "sameness" }],
      [TELLING, { serviceName: "sameness", propagateTo: [foreign] }],
    ]) {
      const address = new URL("/sameness/page.html", origin);
      address.searchParams.set("foreign", foreign);
      if (options) address.searchParams.set("options", JSON.stringify(options));
      seen.length = 0;
      await browser.go(address.href);
      const names = await browser.run(async () => {
        while (!globalThis.sameness) await new Promise(requestAnimationFrame);
        return sameness.names;
      });
      const told = {};
      for (const one of names) told[one] = await browser.run(`() => sameness.observe(${JSON.stringify(one)})`);
      runs[run] = { told, asked: byCase(seen) };
      if (options) await browser.run(async () => { await sightline.flush(); sightline.shutdown(); });
      const traced = Object.values(runs[run].asked).flat().filter(({ traced }) => traced);
      equal(traced.length > 0, !!options, `${run}: traceparent`);
      if (options) {
        const abroad = traced.some(({ isForeign, isLed }) => isForeign && !isLed);
        equal(abroad, "propagateTo" in options, `${run}: the other origin is told`);
      }
    }
  } finally {
    await browser.end();
  }
  const { bare, ...others } = runs;
  saw.cases = Object.keys(bare.told).length;
  expect(saw.cases > 100, "the cases are there", saw.cases);
  const plain = (asked) => asked?.map(({ traced, isForeign, isLed, ...rest }) => rest);
  for (const [run, { told, asked }] of Object.entries(others)) {
    equal(Object.keys(told), Object.keys(bare.told), `${run}: the cases`);
    for (const [one, expected] of Object.entries(bare.told)) {
      equal(told[one].cloned, 0, `${run}: ${one}: clones`);
      if (one === LED) {
        equal([expected.gave?.status[0], told[one].threw?.name], [200, "TypeError"], `${run}: ${one}`);
        continue;
      }
      equal(told[one], expected, `${run}: ${one}`);
      // Where the header may go abroad, the browser asks first, and is refused.
      if (run === TELLING && one.includes("that forbids")) continue;
      equal(plain(asked[one]), plain(bare.asked[one]), `${run}: ${one}: at the server`);
    }
  }
  saw.spans = sink.spans.filter(({ kind }) => kind === 3).length;
  expect(saw.spans > 100, "the SDK was at work", saw.spans);
}, name === "chromium" ? {} : null);

/** The requests that came of each case. Not those to `unseen`, `hang` and `reset`,
 * of which it depends on time whether, and how often, they come. */
function byCase(seen) {
  const all = {};
  for (const { path, search, method, headers, body, isForeign } of seen) {
    if (/\/(unseen|hang|reset)$/.test(path)) continue;
    const { traceparent, host, "content-type": type, ...rest } = headers;
    // A boundary is another each time, and in Firefox of another length.
    if (type?.includes("boundary")) delete rest["content-length"];
    const parameters = new URLSearchParams(search);
    const one = parameters.get("case");
    (all[one] ??= []).push({
      traced: !!traceparent && !parameters.has("own"),
      own: parameters.has("own") ? traceparent : undefined,
      isForeign,
      isLed: one.includes("redirect"),
      path, method,
      body: text(body, headers),
      type: type?.replace(/boundary=.*/, ""),
      headers: { ...rest, referer: rest.referer && new URL(rest.referer).pathname },
    });
  }
  return all;
}

/** Playwright's, with the commands that the other browsers have. */
async function chromium(context) {
  const page = await context.newPage();
  return {
    go: (url) => page.goto(url),
    run: (script) => page.evaluate(typeof script === "string" ? `(${script})()` : script),
    end: async () => {},
  };
}
