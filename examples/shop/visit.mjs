/**
 * One visit to the shop, by a real Chromium or, with --http, by plain requests.
 *
 *   node visit.mjs http://127.0.0.1:8080 [--http] [--screenshots FOLDER]
 *
 * SIGHTLINE_CHROMIUM is the browser's path, SIGHTLINE_PLAYWRIGHT a folder whose node_modules has
 * playwright-core. Prints one JSON document: the steps, every answer that the visit got from the
 * shop, what the console said, and the `traceparent` that the paid checkout was sent with, by which
 * its trace can be found. Ends with 1 when a step did not go as it should. Judges the shop only:
 * what telemetry arrived is for the collector's side to say.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { visitByBrowser } from "./visit/browser.mjs";
import { visitByHttp } from "./visit/http.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { http: { type: "boolean", default: false }, screenshots: { type: "string" } },
});
const chromium = process.env.SIGHTLINE_CHROMIUM;
const playwright = process.env.SIGHTLINE_PLAYWRIGHT;
if (positionals.length !== 1 || (!options.http && !(chromium && playwright))) {
  console.error("usage: node visit.mjs BASE_URL [--http] [--screenshots FOLDER]");
  console.error("without --http, SIGHTLINE_CHROMIUM and SIGHTLINE_PLAYWRIGHT must be set");
  process.exit(2);
}

const baseUrl = new URL(positionals[0]).origin;
const visit = {
  mode: options.http ? "http" : "browser",
  baseUrl,
  ok: true,
  steps: [],
  responses: [],
  checkout: null,
  consoleErrors: [],
  pageErrors: [],
};

/** Runs one step and notes how it went; the first that fails ends the visit. */
async function step(name, walk) {
  const started = performance.now();
  const entry = { name, url: null, ms: 0, ok: false };
  visit.steps.push(entry);
  try {
    Object.assign(entry, await walk());
    entry.ok = true;
  } finally {
    entry.ms = Math.round(performance.now() - started);
  }
}

try {
  if (options.http) {
    await visitByHttp(visit, step);
  } else {
    if (options.screenshots) mkdirSync(options.screenshots, { recursive: true });
    await visitByBrowser(visit, step, { chromium, playwright, screenshots: options.screenshots });
  }
} catch (error) {
  visit.ok = false;
  visit.error = String(error.message ?? error);
}
console.log(JSON.stringify(visit, null, 2));
process.exitCode = visit.ok ? 0 : 1;
