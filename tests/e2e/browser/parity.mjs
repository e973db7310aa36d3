// Our vitals are web-vitals' own: both measure the same pages of
// tests/pages/parity, one for each behaviour, and every value and the main
// attribution is compared. SIGHTLINE_PARITY may name a file for the table.

import { writeFileSync } from "node:fs";
import { CASES } from "./parity_cases.mjs";
import { scenario } from "./stage.mjs";

const OURS = "sightline.web_vital.";
const HEAD = `# Parity with web-vitals

web-vitals 6.2.3, the build with attribution, and the SDK side by side on the same pages in Chromium (\`tests/pages/parity\`, one page a behaviour; what is done on each stands in \`tests/e2e/browser/parity_cases.mjs\`). Compared are value, rating, navigation type, path and main attribution: element, sub-parts, load state, the longest script behind INP. Milliseconds; CLS without unit. Any difference of 0.001 or more fails the test. FCP and LCP of a page restored from the back/forward cache each library takes in a callback of its own; for those of one frame the page's clock stands still. Where web-vitals has forgotten the script behind an INP, ours is not compared.

Written by the test itself: \`SIGHTLINE_PARITY=$PWD/docs/parity.md cargo xtask test\`.

| page | view | vital | web-vitals | ours |
|---|---|---|---|---|
`;

/** By view, in the order of their beginning, then by vital: what was told last. */
function byView(reports) {
  const views = new Map();
  for (const report of reports) {
    if (!views.has(report.view)) views.set(report.view, {});
    views.get(report.view)[report.name] = report;
  }
  return [...views.values()].filter((view) => view.ttfb || view.cls || view.fcp || view.inp || view.lcp);
}

function ours(sink) {
  const events = sink.logs.filter((log) => log.eventName === "browser.web_vital");
  return byView(
    events.map(({ attributes }) => {
      const of = (name) => attributes[`browser.web_vital.${name}`];
      const detail = Object.entries(attributes).filter(([key]) => key.startsWith(OURS));
      return {
        view: attributes["sightline.view.id"] ?? of("id").split("-")[0],
        name: of("name"),
        value: of("value"),
        rating: of("rating"),
        navigationType: of("navigation_type"),
        path: attributes["url.path"],
        detail: Object.fromEntries(detail.map(([key, value]) => [key.slice(OURS.length), value])),
      };
    }),
  );
}

function theirs(seen) {
  return byView(seen.filter(({ path }) => path === "/api/theirs").map(({ body }) => JSON.parse(body)));
}

const names = (views) => views.map((view) => [view, Object.keys(view).sort().join(" ")]);
const described = (views) =>
  names(views).map(([view, vitals]) => `${Object.values(view)[0].navigationType}: ${vitals}`);

/** The differences of one vital, as sentences. */
function differences(their, our) {
  const found = [];
  const near = (one, other) => {
    if (typeof one !== "number" || typeof other !== "number") return one === other;
    return Math.abs(one - other) < 0.001;
  };
  const check = (name, one, other) => {
    if (!near(one, other)) found.push(`${name}: theirs ${JSON.stringify(one)}, ours ${JSON.stringify(other)}`);
  };
  for (const name of ["value", "rating", "navigationType", "path"]) check(name, their[name], our[name]);
  for (const name of new Set([...Object.keys(their.detail), ...Object.keys(our.detail)])) {
    let [one, other] = [their.detail[name], our.detail[name]];
    // What is empty, or nothing at all, we leave out; what is secret, too.
    if (other === undefined && (one === "" || one === 0)) continue;
    // It forgets a long frame that is told some time before its events.
    if (one === undefined && name.startsWith("longest_script.")) continue;
    // An interaction of which the browser tells nothing: no time, no state.
    if (other === undefined && name === "load_state" && their.detail.target === undefined) continue;
    if (typeof other === "string" && other.includes("REDACTED")) one = one?.replace(/=[^&]*/g, "=REDACTED");
    check(name, one, other);
  }
  return found;
}

await scenario(
  async (stage) => {
    const { sink, seen, saw, expect, equal } = stage;
    const rows = [];
    stage.context.setDefaultTimeout(10_000);
    const only = process.argv.slice(2);
    for (const [name, { act, expects, ours: beyond = expects }] of Object.entries(CASES)) {
      if (only.length && !only.includes(name)) continue;
      sink.received.length = seen.length = 0;
      const all = () => [described(theirs(seen)), described(ours(sink))];
      const complete = () => {
        const [one, other] = all();
        return expects.every((view, at) => one[at] === view && other[at] === beyond[at]);
      };
      try {
        await act(stage);
        await sink.until(`all vitals of: ${name}`, complete);
      } catch (error) {
        expect(false, `${name}: ${error.message.slice(0, 300)}`, all());
      }
      for (const page of stage.context.pages()) await page.close();
      const [one, other] = all();
      equal(one, expects, `${name}: what web-vitals tells`);
      equal(other, beyond, `${name}: what we tell`);
      theirs(seen).forEach((view, at) => {
        for (const [vital, their] of Object.entries(view)) {
          const our = ours(sink)[at]?.[vital];
          rows.push([name, their.navigationType, vital, their.value, our?.value]);
          if (our) equal(differences(their, our), [], `${name}: ${vital} of ${their.navigationType}`);
        }
      });
    }
    saw.table = rows.map((row) => row.join(" | "));
    if (process.env.SIGHTLINE_PARITY) writeFileSync(process.env.SIGHTLINE_PARITY, markdown(rows));
  },
  { ignoreDefaultArgs: ["--disable-back-forward-cache"] },
);

function markdown(rows) {
  const shown = (value, vital) => (value === undefined ? "none" : value.toFixed(vital === "cls" ? 4 : 1));
  const lines = rows.map(([name, type, vital, one, other]) => `| ${name} | ${type} | ${vital.toUpperCase()} | ${shown(one, vital)} | ${shown(other, vital)} |`);
  return `${HEAD}${lines.join("\n")}\n`;
}
