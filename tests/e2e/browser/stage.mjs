// What every scenario needs: the page's origin with a collector's ingest on it,
// a foreign origin, and a real Chromium. A scenario prints one JSON document of
// what it saw, and ends non-zero if an expectation failed.
//
// Environment: SIGHTLINE_CHROMIUM (the browser), SIGHTLINE_PLAYWRIGHT (a folder
// whose node_modules has playwright-core), SIGHTLINE_SDK (the package's dist
// folder; by default that of the checkout), SIGHTLINE_WEB_VITALS (a folder whose
// node_modules has web-vitals), SIGHTLINE_BODIES (a folder to keep the received
// OTLP bodies in, each as <number>.<signal>).

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { noise } from "./noise.mjs";
import * as sameness from "./sameness_api.mjs";
import { gunzipSync } from "node:zlib";
import { decode } from "./otlp.mjs";

const tests = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const sdk = process.env.SIGHTLINE_SDK ?? join(tests, "..", "browser-sdk", "npm", "dist");
const webVitals = join(process.env.SIGHTLINE_WEB_VITALS ?? tests, "node_modules", "web-vitals", "dist");
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};
const DEADLINE_MS = 20_000;

/** What the collector's ingest received. */
class Sink {
  /** Answers with this status; "refuse" closes the connection unanswered. */
  answer = 200;
  /** Headers of the answers, and how long they take. */
  headers = {};
  delayMs = 0;
  /** Their body. */
  body = "";
  /** Whether the foreign origin takes posts of the page, and compressed ones. */
  cors = true;
  corsGzip = false;
  /** Requests that are being answered, and the most that ever were at once. */
  open = 0;
  mostOpen = 0;
  received = [];
  /** Bodies in JSON: what the SDK says without its engine. */
  told = [];
  #waiting = new Set();

  take(signal, sent, headers) {
    if (headers["content-type"] === "application/json") return this.told.push(JSON.parse(sent));
    const body = headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    const folder = process.env.SIGHTLINE_BODIES;
    if (folder) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${this.received.length}.${signal}`), body);
    }
    const bytes = { sent: sent.length, body: body.length };
    this.received.push({ signal, raw: body, bytes, status: this.answer, headers, ...decode(signal, body) });
    this.check();
  }
  /** Something came, here or at the API. */
  check() {
    for (const check of this.#waiting) check();
  }

  #items(signal) {
    return this.received.filter((batch) => batch.signal === signal).flatMap((b) => b.items);
  }
  get spans() {
    return this.#items("traces");
  }
  get logs() {
    return this.#items("logs");
  }
  get metrics() {
    return this.#items("metrics");
  }
  vitals() {
    const events = this.logs.filter((log) => log.eventName === "browser.web_vital");
    return Object.fromEntries(
      events.map(({ attributes }) => [attributes["browser.web_vital.name"], attributes]),
    );
  }
  exceptions() {
    return this.logs.filter((log) => log.eventName === "exception");
  }

  /** Waits until this holds of what was received. */
  until(what, holds) {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!holds()) return;
        this.#waiting.delete(check);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`waited in vain for ${what}`));
      }, DEADLINE_MS);
      this.#waiting.add(check);
      check();
    });
  }
}

/** Serves pages, the SDK, an API and the ingest. `seen` is every API request. */
async function serve(sink, seen, isForeign) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const ingest = /^\/sightline\/v1\/(traces|logs|metrics)$/.exec(url.pathname);
    if (isForeign && (sink.cors || !ingest)) {
      response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
      response.setHeader("access-control-allow-headers", `traceparent,content-type,x-own${sink.corsGzip ? ",content-encoding" : ""}`);
      response.setHeader("timing-allow-origin", "*");
    }
    const isSameness = url.pathname.startsWith("/api/sameness/");
    if (isSameness && isForeign) sameness.allow(url, response);
    if (request.method === "OPTIONS") return response.end();
    if (ingest) {
      if (sink.answer === "refuse") return request.socket.destroy();
      sink.mostOpen = Math.max(sink.mostOpen, ++sink.open);
      response.on("close", () => sink.open--);
      sink.take(ingest[1], body, request.headers);
      response.statusCode = sink.answer;
      for (const [name, value] of Object.entries(sink.headers)) response.setHeader(name, value);
      return setTimeout(() => response.end(sink.body), sink.delayMs);
    }
    if (isSameness) {
      const { pathname: path, search } = url;
      seen.push({ path, search, method: request.method, headers: request.headers, body, isForeign });
      return sameness.answer(url, request, response, body);
    }
    if (url.pathname.startsWith("/api/")) {
      api(url, request, response, body, seen);
      return sink.check();
    }
    const [, mount] = url.pathname.split("/");
    const folder = { sdk, copy: sdk, apps: join(tests, "apps"), "web-vitals": webVitals }[mount];
    const file = folder
      ? join(folder, normalize(url.pathname.slice(mount.length + 1)))
      : join(tests, "pages", normalize(url.pathname));
    let content;
    try {
      content = readFileSync(file);
    } catch {
      response.statusCode = 404;
      return response.end();
    }
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    // Response headers that a scenario wants on its page.
    for (const name of ["server-timing", "content-security-policy"]) {
      const wanted = url.searchParams.getAll(name);
      if (wanted.length) response.setHeader(name, wanted);
    }
    response.end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** `/api/echo` tells what was asked, `/api/status/404` answers so, `/api/stream`
 * comes in pieces, `/api/hang` never answers, `/api/redirect` leads to echo,
 * `/api/reset` breaks off, `/api/image/80/60` is a picture that begins after 80
 * milliseconds and takes 60, `/api/seen/x` counts the requests for `/api/x`. */
function api(url, request, response, body, seen) {
  const { method, headers } = request;
  seen.push({ path: url.pathname, search: url.search, method, headers, body: body.toString() });
  const [, , name, argument, further] = url.pathname.split("/");
  if (name === "hang") return;
  if (name === "reset") return request.socket.destroy();
  if (name === "status") response.statusCode = Number(argument);
  if (name === "redirect") {
    response.statusCode = 302;
    response.setHeader("location", "/api/echo");
  }
  if (name === "image") {
    response.setHeader("content-type", "image/bmp");
    const half = noise.length / 2;
    return setTimeout(() => {
      response.write(noise.subarray(0, half));
      setTimeout(() => response.end(noise.subarray(half)), Number(further));
    }, Number(argument));
  }
  response.setHeader("x-answer", "42");
  if (name === "stream") {
    response.write("one ");
    return setTimeout(() => response.end("two"), 50);
  }
  response.setHeader("content-type", "application/json");
  if (name === "seen") {
    const count = seen.filter(({ path }) => path === `/api/${argument}`).length;
    return response.end(JSON.stringify({ count }));
  }
  response.end(JSON.stringify({ method, own: headers["x-own"] ?? null, body: body.toString() }));
}

/** Runs a scenario. `run` gets the stage; what it puts in `saw` is printed. No
 * Chromium is started where `browser`, what Playwright is told of it, is null. */
export async function scenario(run, browser = {}) {
  const failures = [];
  const saw = {};
  const seen = [];
  const sink = new Sink();
  const own = await serve(sink, seen, false);
  const foreign = await serve(sink, seen, true);
  const profile = mkdtempSync(join(tmpdir(), "sightline-browser-"));
  const require = createRequire(join(process.env.SIGHTLINE_PLAYWRIGHT ?? tests, "package.json"));
  let context;
  const stage = {
    saw,
    sink,
    context: undefined,
    seen,
    origin: own.origin,
    foreign: foreign.origin,
    /** Notes a failure and goes on. */
    expect(holds, message, detail) {
      if (!holds) failures.push(detail === undefined ? message : `${message}: ${JSON.stringify(detail)}`);
    },
    equal(actual, expected, message) {
      stage.expect(isDeepStrictEqual(actual, expected), message, { actual, expected });
    },
    /** Opens a page of tests/pages, where `script` runs first; `messages` are its console's, `errors` the
     * page's uncaught ones. */
    async open(file, { options, headers = {}, script } = {}) {
      const page = await context.newPage();
      if (script) await page.addInitScript(script);
      page.messages = [];
      page.errors = [];
      page.on("console", (message) => page.messages.push([message.type(), message.text()]));
      page.on("pageerror", (error) => page.errors.push(String(error)));
      const url = new URL(`/${file}`, own.origin);
      if (options) url.searchParams.set("options", JSON.stringify(options));
      for (const [name, value] of Object.entries(headers)) {
        for (const one of [value].flat()) url.searchParams.append(name, one);
      }
      await page.goto(url.href);
      return page;
    },
    /** Leaves a page as a person does who follows a link. */
    async leave(page) {
      await page.goto(`${own.origin}/blank.html`);
    },
  };
  try {
    context = browser && await require("playwright-core").chromium.launchPersistentContext(profile, {
      executablePath: process.env.SIGHTLINE_CHROMIUM,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
      ...browser,
    });
    stage.context = context;
    await run(stage);
  } catch (error) {
    failures.push(String(error?.stack ?? error));
  } finally {
    await context?.close();
    for (const { server } of [own, foreign]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(profile, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ ...saw, failures }, null, 2));
  process.exitCode = failures.length ? 1 : 0;
}
