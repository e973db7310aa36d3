// withSightline adds to a Next.js config of any shape, loses nothing of it and
// changes nothing that it was given.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { withSightline } from "../dist/next.js";

const folders = [];
test.after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
test.beforeEach(() => {
  for (const name of ["SIGHTLINE_COLLECTOR", "SIGHTLINE_WARNED", "TURBOPACK", "NEXT_RSPACK"]) delete process.env[name];
});

/** A folder with an app: these files, and a Next.js of this version. */
function app(files = {}, next = "16.3.0") {
  const dir = mkdtempSync(join(tmpdir(), "sightline-next-"));
  folders.push(dir);
  const all = {
    "package.json": '{"name": "shop", "version": "1.4.0"}',
    "node_modules/next/package.json": `{"version": "${next}"}`,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

const dir = app({ "app/products/[id]/page.tsx": "", "app/page.tsx": "" });
const page = (config) => JSON.parse(config.env.SIGHTLINE_BROWSER);
const AUTO = "@sightline/browser/next/auto";

/** What is said on the console meanwhile. */
function warnings(run) {
  const said = [];
  const { warn } = console;
  console.warn = (message) => said.push(message);
  try {
    run();
  } finally {
    console.warn = warn;
  }
  return said;
}

test("a config stays of its shape, and what it is made with arrives", async () => {
  const plain = { reactStrictMode: true };
  assert.equal(withSightline(plain, { dir }).reactStrictMode, true);
  assert.deepEqual(plain, { reactStrictMode: true });

  const called = [];
  const make = function (...args) {
    called.push(args);
    return plain;
  };
  assert.equal(withSightline(make, { dir })("phase", { defaultConfig: 1 }).reactStrictMode, true);
  assert.deepEqual(called, [["phase", { defaultConfig: 1 }]]);
  const later = withSightline(async (phase) => ({ env: { phase } }), { dir })("phase");
  assert.equal((await later).env.phase, "phase");
  assert.equal((await withSightline(Promise.resolve(plain), { dir })).reactStrictMode, true);
  assert.ok(withSightline(undefined, { dir }).env);
  assert.equal(withSightline("nonsense", { dir }), "nonsense");
  await assert.rejects(withSightline(async () => { throw new Error("own"); }, { dir })(), /own/);
});

test("a frozen config is no hindrance", () => {
  const frozen = Object.freeze({ env: Object.freeze({ A: "1" }), turbopack: Object.freeze({}), compiler: Object.freeze({}) });
  assert.equal(withSightline(frozen, { dir }).env.A, "1");
});

test("CommonJS has it, too", () => {
  const { withSightline: required } = createRequire(import.meta.url)("../dist/next.cjs");
  assert.equal(page(required({}, { dir })).serviceName, "shop");
});

test("the page's options are found, and those given come first", () => {
  const [version] = page(withSightline({}, { dir })).serviceVersion.split("+");
  assert.equal(version, "1.4.0");
  assert.equal(page(withSightline({}, { dir })).serviceName, "shop");
  const given = { dir, serviceName: "own", serviceVersion: "7", routes: ["/{any}"], propagateTo: ["https://a.example", /^b/i] };
  assert.deepEqual(page(withSightline({}, given)), {
    serviceName: "own",
    serviceVersion: "7",
    routes: ["/{any}", "/", "/products/{id}"],
    propagateTo: ["https://a.example", ["^b", "i"]],
  });
  assert.deepEqual(page(withSightline({}, { ...given, fileRoutes: false })).routes, ["/{any}"]);
});

test("the release has the commit of the app's own repository", () => {
  const release = (dir) => page(withSightline({}, { dir })).serviceVersion;
  const own = app();
  const git = (...what) => execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...what], { cwd: own });
  git("init", "-q");
  git("add", "package.json");
  git("commit", "-qm", "first");
  assert.equal(release(own), `1.4.0+${git("rev-parse", "--short=12", "HEAD").toString().trim()}`);
  mkdirSync(join(own, "strange"));
  writeFileSync(join(own, "strange/package.json"), '{"version": "2.0.0"}');
  assert.equal(release(join(own, "strange")), "2.0.0");
});

test("it is injected once, first, where Next.js can and no file does it", () => {
  const inject = (config, dir) => withSightline(config, { dir }).instrumentationClientInject;
  assert.deepEqual(inject({}, dir), [AUTO]);
  assert.deepEqual(inject({ instrumentationClientInject: ["own"] }, dir), [AUTO, "own"]);
  const own = 'import { init } from "@sightline/browser/next/client";';
  assert.equal(inject({}, app({ "instrumentation-client.ts": own })), undefined);
  assert.equal(inject({}, app({ "src/instrumentation-client.js": own })), undefined);
  assert.deepEqual(inject({}, app({ "instrumentation-client.ts": "other();" })), [AUTO]);
  assert.deepEqual(inject({}, app({}, "17.0.0-canary.1")), [AUTO]);
  const said = warnings(() => assert.equal(inject({}, app({}, "16.2.9")), undefined));
  assert.match(said.join(), /put `export \* from "@sightline\/browser\/next\/auto"` into instrumentation-client\.ts/);
});

test("rewrites keep the user's, in both shapes", async () => {
  const options = { dir, collector: "http://localhost:4318/" };
  const ours = { source: "/sightline/v1/:path*", destination: "http://localhost:4318/v1/:path*" };
  const own = { source: "/a", destination: "/b" };
  const rewrites = (config, more) => withSightline(config, { ...options, ...more }).rewrites();
  assert.deepEqual(await rewrites({}), { beforeFiles: [ours], afterFiles: [], fallback: [] });
  assert.deepEqual(await rewrites({ rewrites: async () => [own] }), { beforeFiles: [ours], afterFiles: [own], fallback: [] });
  assert.deepEqual(await rewrites({ rewrites: () => ({ beforeFiles: [own], fallback: [own] }) }), { beforeFiles: [ours, own], fallback: [own] });
  // As a method that needs its config.
  assert.deepEqual((await rewrites({ own: [own], rewrites() { return this.own; } })).afterFiles, [own]);

  assert.equal(withSightline({}, { dir }).rewrites, undefined);
  assert.equal(withSightline({ output: "export" }, options).rewrites, undefined);
  assert.equal(page(withSightline({ basePath: "/shop" }, options)).endpoint, "/shop/sightline");
  assert.deepEqual((await rewrites({ basePath: "/shop" })).beforeFiles, [ours]);
  assert.deepEqual((await rewrites({ basePath: "/shop" }, { endpoint: "/t/" })).beforeFiles, [
    { ...ours, source: "/t/v1/:path*", basePath: false },
  ]);
  process.env.SIGHTLINE_COLLECTOR = "https://collector.example/otlp";
  const [{ destination }] = (await withSightline({}, { dir }).rewrites()).beforeFiles;
  assert.equal(destination, "https://collector.example/otlp/v1/:path*");
});

test("a rewrite is not made for an endpoint on another origin", () => {
  const options = { dir, collector: "http://localhost:4318", endpoint: "https://telemetry.example" };
  assert.equal(withSightline({}, options).rewrites, undefined);
});

test("policies allow the engine, and say nothing else that they did not", async () => {
  const policyOf = async (value, options) => {
    const headers = async () => [{ source: "/", headers: [{ key: "content-security-policy", value }, { key: "X-Own", value: "script-src" }] }];
    const [rule] = await withSightline({ headers }, { dir, ...options }).headers();
    assert.deepEqual([rule.source, rule.headers[1].value], ["/", "script-src"]);
    return rule.headers[0].value;
  };
  for (const [given, expected] of [
    ["script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"],
    ["Script-Src 'self' ; img-src *", "Script-Src 'self' 'wasm-unsafe-eval'; img-src *"],
    ["default-src 'self'; img-src *", "default-src 'self'; img-src *; script-src 'self' 'wasm-unsafe-eval'"],
    ["default-src 'self'; script-src-elem 'self'", "default-src 'self'; script-src-elem 'self'; script-src 'self' 'wasm-unsafe-eval'"],
    ["script-src 'self', img-src *", "script-src 'self' 'wasm-unsafe-eval', img-src *"],
    // Nothing to add.
    ["script-src 'self' 'unsafe-eval'", undefined],
    ["script-src 'self' 'wasm-unsafe-eval'", undefined],
    ["default-src 'self'; script-src 'none'", undefined],
    ["img-src 'self'", undefined],
    ["", undefined],
  ]) {
    assert.equal(await policyOf(given), expected ?? given);
  }
  assert.equal(await policyOf("script-src 'self'", { engine: "js" }), "script-src 'self'");
  assert.equal(withSightline({}, { dir }).headers, undefined);
});

test("maps are made by the bundler that runs, and the user's settings stay", () => {
  const config = withSightline({ compiler: { styledComponents: true } }, { dir });
  assert.equal(config.productionBrowserSourceMaps, true);
  assert.equal(config.compiler.styledComponents, true);
  assert.equal(config.turbopack, undefined);
  assert.equal(config.webpack({ devtool: "source-map" }, { dev: false }).devtool, "source-map-debugids");
  assert.equal(config.webpack({ devtool: "source-map" }, { dev: true }).devtool, "source-map");
  const own = withSightline({ webpack: () => ({ devtool: "own" }) }, { dir });
  assert.equal(own.webpack({ devtool: "source-map" }, { dev: false }).devtool, "own");

  process.env.TURBOPACK = "1";
  assert.deepEqual(withSightline({ turbopack: { root: "/" } }, { dir }).turbopack, { debugIds: true, root: "/" });
  assert.deepEqual(withSightline({ turbopack: { debugIds: false } }, { dir }).turbopack, { debugIds: false });
  assert.equal(withSightline({}, { dir }).webpack, undefined);
  // Next.js stops such a build, and goes on doing so.
  const webpack = () => {};
  assert.deepEqual(Object.keys(withSightline({ webpack }, { dir })).includes("turbopack"), false);

  const off = withSightline({}, { dir, sourceMaps: false });
  // Where nothing could take them away they are not made.
  const old = withSightline({}, { dir: app({ "instrumentation-client.ts": '"@sightline/browser"' }, "15.5.6") });
  for (const name of ["productionBrowserSourceMaps", "compiler", "turbopack", "webpack"]) {
    assert.deepEqual([off[name], old[name]], [undefined, undefined]);
  }
});

test("maps are moved out of what is served, scripts copied beside them", async () => {
  const built = app({
    ".next/static/chunks/a.js": "a",
    ".next/static/chunks/a.js.map": "{}",
    ".next/static/css/b.css": "b",
    ".next/static/media/c.wasm": "c",
  });
  const order = [];
  const compiler = { runAfterProductionCompile: async () => void order.push(existsSync(join(built, ".next/static/chunks/a.js.map"))) };
  const build = { projectDir: built, distDir: ".next" };
  const run = (config) => withSightline({ compiler, ...config }, { dir: built }).compiler.runAfterProductionCompile(build);
  const files = (folder) => readdirSync(join(built, ".next", folder), { recursive: true }).sort();
  // Those that the user wants to be served are.
  await run({ productionBrowserSourceMaps: true });
  assert.ok(files("static").includes("chunks/a.js.map"));
  assert.deepEqual(files("sightline/maps/static"), ["chunks", "chunks/a.js", "chunks/a.js.map"]);
  await run({});
  assert.deepEqual(files("static"), ["chunks", "chunks/a.js", "css", "css/b.css", "media", "media/c.wasm"]);
  assert.deepEqual(files("sightline/maps/static"), ["chunks", "chunks/a.js", "chunks/a.js.map"]);
  assert.deepEqual(order, [true, true]);
  await withSightline({}, { dir }).compiler.runAfterProductionCompile({ projectDir: dir, distDir: "nowhere" });
});

test("every bad option is named with its path, once in a build", () => {
  const bad = {
    dir,
    collector: "localhost:4318",
    sourceMaps: "yes",
    fileRoutes: 1,
    sampleRatio: 2,
    serviceName: 7,
    propagateTo: ["https://a.example", "nonsense"],
    rotues: [],
    traces: "all",
    beforeSend: () => {},
  };
  let config;
  const said = warnings(() => {
    config = withSightline({}, bad);
    withSightline({}, bad);
  });
  assert.equal(said.length, 1);
  for (const path of ["collector", "sourceMaps", "fileRoutes", "sampleRatio", "serviceName", "propagateTo[1]", "rotues", "traces", "beforeSend"]) {
    assert.ok(said[0].includes(`${path} `), `${path}: ${said[0]}`);
  }
  assert.match(said[0], /beforeSend is a function: give it to init\(\)/);
  assert.deepEqual(page(config).propagateTo, ["https://a.example"]);
  assert.equal(page(config).serviceName, "shop");
  assert.deepEqual(warnings(() => withSightline({}, { dir })), []);
});
