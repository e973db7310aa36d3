// Measures set-ups beside each other in a real Chromium: rounds of all of them in
// turn, each on a fresh page, and the medians of what each adds to the empty one.
//
// Environment: SIGHTLINE_CHROMIUM, SIGHTLINE_PLAYWRIGHT (a folder whose
// node_modules has playwright-core), SIGHTLINE_SDK (the package's dist folder),
// SIGHTLINE_BUNDLES (what bundle.mjs made). Arguments: rounds, the file to write.

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const { SIGHTLINE_CHROMIUM, SIGHTLINE_PLAYWRIGHT, SIGHTLINE_SDK, SIGHTLINE_BUNDLES } = process.env;
const [rounds, output] = [Number(process.argv[2]), process.argv[3]];
const SETUPS = ["empty", "sightline", "web-vitals", "dash0", "opentelemetry", "sentry", "faro"];
const RATES = [1, 4];
/** The main thread is watched for so long from the navigation on. */
const WATCHED_MS = 2500;
const FETCHES = 200;

const TYPES = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
let posts = [];

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const [, setup, file] = pathname.split("/");
  const path =
    setup === "sdk" ? join(SIGHTLINE_SDK, file)
    : file === "setup.js" ? join(SIGHTLINE_BUNDLES, `${setup}.js`)
    : file === "page.html" ? join(here, file)
    : undefined;
  if (path) {
    response.setHeader("content-type", TYPES[path.split(".").pop()]);
    return response.end(readFileSync(path));
  }
  if (request.method === "POST") posts.push(chunks.reduce((sum, { length }) => sum + length, 0));
  response.setHeader("content-type", "application/json");
  response.end("{}");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const { chromium } = createRequire(join(SIGHTLINE_PLAYWRIGHT, "package.json"))("playwright-core");
const browser = await chromium.launch({
  executablePath: SIGHTLINE_CHROMIUM,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--js-flags=--expose-gc"],
});
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** A page of its own, in a profile of its own, with the main thread at this rate. */
async function open(setup, rate) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
      .observe({ type: "longtask", buffered: true });
  });
  const cpuMs = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const started = performance.now();
  await page.goto(`${origin}/${setup}/page.html`);
  return { context, page, devtools, cpuMs, started };
}

/** One view: loaded, used, left. */
async function view(setup, rate) {
  posts = [];
  const { context, page, devtools, cpuMs, started } = await open(setup, rate);
  await wait(1000 - (performance.now() - started));
  await page.click("button");
  await wait(WATCHED_MS - (performance.now() - started));
  const cpu = await cpuMs();
  const tasks = await page.evaluate(() => longTasks);
  const init = await page.evaluate(() => performance.getEntriesByName("bench-init")[0]?.duration ?? null);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = await devtools.send("Runtime.getHeapUsage");
  // What waits may be sent meanwhile: a page that is read a while.
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await wait(1500);
  await page.goto(`${origin}/empty/page.html`);
  await wait(1000);
  await context.close();
  return {
    cpu,
    tbt: tasks.reduce((sum, ms) => sum + ms - 50, 0),
    longest: Math.max(0, ...tasks),
    init,
    heap: usedSize,
    backing: backingStorageSize,
    requests: posts.length,
    bytes: posts.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** CPU of the main thread for each of many requests, one after another. */
async function fetchCost(setup) {
  const { context, page, cpuMs } = await open(setup, 1);
  await wait(1500);
  const run = (count) =>
    page.evaluate(async (count) => {
      for (let at = 0; at < count; at++) await (await fetch(`/api/products/${at}`)).text();
    }, count);
  await run(20);
  const before = await cpuMs();
  await run(FETCHES);
  const after = await cpuMs();
  await context.close();
  return (after - before) / FETCHES;
}

const runs = [];
for (let round = 0; round < rounds; round++) {
  // Each round begins with another, so that none always runs behind the same.
  const order = SETUPS.map((_, at) => SETUPS[(at + round) % SETUPS.length]);
  for (const rate of RATES) {
    for (const setup of order) runs.push({ setup, rate, ...(await view(setup, rate)) });
  }
  for (const setup of order) runs.push({ setup, fetch: await fetchCost(setup) });
  console.error(`round ${round + 1} of ${rounds}`);
}
await browser.close();
server.closeAllConnections();
server.close();

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
const of = (setup, rate, what) =>
  median(runs.filter((run) => run.setup === setup && run.rate === rate).map((run) => run[what]));
const above = (setup, rate, what) => of(setup, rate, what) - of("empty", rate, what);

/** All that a page loads, compressed file by file. */
function sizes(setup) {
  const files =
    setup === "sightline"
      ? ["index.js", "engine.js", "engine.wasm"].map((file) => join(SIGHTLINE_SDK, file))
      : [join(SIGHTLINE_BUNDLES, `${setup}.js`)];
  const bytes = files.map((file) => readFileSync(file));
  const sum = (compress) => bytes.reduce((total, file) => total + compress(file).length, 0);
  return { gzip: sum((file) => gzipSync(file, { level: 9 })), brotli: sum((file) => brotliCompressSync(file)) };
}

const round = (number, digits) => Number(number.toFixed(digits));
const table = SETUPS.filter((setup) => setup !== "empty").map((setup) => ({
  setup,
  ...sizes(setup),
  cpu_ms_1x: round(above(setup, 1, "cpu"), 1),
  cpu_ms_4x: round(above(setup, 4, "cpu"), 1),
  tbt_ms_4x: round(of(setup, 4, "tbt"), 0),
  longest_task_ms_4x: round(of(setup, 4, "longest"), 0),
  heap_kb: round(above(setup, 1, "heap") / 1000, 0),
  buffers_kb: round(above(setup, 1, "backing") / 1000, 0),
  fetch_ms: round(of(setup, undefined, "fetch") - of("empty", undefined, "fetch"), 3),
  requests: of(setup, 1, "requests"),
  bytes: of(setup, 1, "bytes"),
}));
const init = RATES.map((rate) => [`${rate}x`, round(of("sightline", rate, "init"), 2)]);
writeFileSync(output, JSON.stringify({ browser: browser.version(), rounds, table, init_ms: Object.fromEntries(init), runs }, null, 1) + "\n");

const columns = Object.keys(table[0]);
const cells = [columns, ...table.map((row) => columns.map((column) => String(row[column])))];
const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at].length)));
for (const row of cells) {
  console.log(row.map((cell, at) => (at ? cell.padStart(widths[at]) : cell.padEnd(widths[at]))).join("  "));
}
console.log(`init() of sightline: ${init.map(([rate, ms]) => `${ms} ms at ${rate}`).join(", ")}`);
