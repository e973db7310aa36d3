// On a server the package does nothing: importing it changes no global, and
// init gives a handle that does nothing.

import assert from "node:assert/strict";
import test from "node:test";

test("importing and calling it on a server has no effect", async () => {
  const names = () => Object.getOwnPropertyNames(globalThis).sort();
  const before = [names(), globalThis.fetch, console.warn];
  const warnings = [];
  console.warn = (...message) => warnings.push(message);
  try {
    const { init } = await import("../dist/index.js");
    const handle = init({ serviceName: "server" });
    assert.equal(await handle.flush(), undefined);
    assert.equal(handle.captureException(new Error("on a server")), undefined);
    handle.addEvent("event", { a: 1 });
    handle.setAttributes({ a: 1 });
    handle.setUser("somebody");
    handle.setConsent("granted");
    handle.startNavigation("/");
    const span = handle.startSpan("span", { a: 1 });
    span.setAttributes({ b: 2 });
    span.end();
    assert.match(span.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[23]$/);
    assert.equal(handle.shutdown(), undefined);
    init({ serviceName: "server" });
    for (const entry of ["react", "next", "next-client", "next-auto", "next-error"]) {
      const { onRouterTransitionStart } = await import(`../dist/${entry}.js`);
      assert.equal(onRouterTransitionStart?.("/products/7"), undefined);
    }
  } finally {
    console.warn = before[2];
  }
  assert.deepEqual(warnings, []);
  assert.deepEqual(names(), before[0]);
  assert.equal(globalThis.fetch, before[1]);
});
