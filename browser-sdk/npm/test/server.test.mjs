// On a server the package does nothing: importing it changes no global, init gives a
// handle that does nothing, and nothing keeps the process alive.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";

// Those for a page; what is meant for a server's configuration may do as it likes.
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));

/** Runs this module in a process of its own, and gives what it prints. */
const run = (script) =>
  JSON.parse(
    execFileSync(process.execPath, ["--input-type", "module", "--eval", script], {
      cwd: new URL("..", import.meta.url),
      encoding: "utf8",
      // It ends by itself, and soon.
      timeout: 10_000,
    }),
  );

const SEEN = `
  const seen = async () => {
    // What reading the modules' files took is done.
    while (process.getActiveResourcesInfo().some((name) => /^(CloseReq|FSReqPromise)$/.test(name))) {
      await new Promise(setImmediate);
    }
    return [
    ...Reflect.ownKeys(globalThis).map((name) => {
      const { value, get, set, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name);
      return [String(name), String(value), String(get), String(set), rest];
    }),
    process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap"),
    process.listenerCount("uncaughtException"),
    ];
  };
`;

for (const entry of entries) {
  test(`importing ${entry} on a server has no effect`, () => {
    const [before, after] = run(`
      ${SEEN}
      const before = await seen();
      await import(${JSON.stringify(entry.replace(".", "@sightline/browser"))});
      console.log(JSON.stringify([before, await seen()]));
    `);
    assert.deepEqual(after, before);
  });
}

test("calling init on a server has no effect", () => {
  const [before, after, gave, traceparent, warnings] = run(`
    import { init } from "@sightline/browser";
    ${SEEN}
    const warnings = [];
    console.warn = (...message) => warnings.push(message);
    // Node.js makes these when they are first used.
    void [AbortController, crypto, fetch, performance];
    const before = await seen();
    const handle = init({ serviceName: "server" });
    handle.addEvent("event", { a: 1 });
    handle.setAttributes({ a: 1 });
    handle.setUser("somebody");
    handle.setConsent("granted");
    handle.startNavigation("/");
    const span = handle.startSpan("span", { a: 1 });
    span.setAttributes({ b: 2 });
    span.end();
    const gave = [await handle.flush() ?? null, handle.captureException(new Error("on a server")) ?? null, handle.shutdown() ?? null];
    init({ serviceName: "server" });
    console.log(JSON.stringify([before, await seen(), gave, span.traceparent, warnings]));
  `);
  assert.deepEqual(after, before);
  assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[23]$/);
  assert.deepEqual([gave, warnings], [[null, null, null], []]);
});
