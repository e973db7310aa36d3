// The entry for React on a server: it renders, and does nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { ErrorBoundary, onCaughtError, onUncaughtError, useSightline } from "../dist/react.js";
import { ErrorPage, GlobalErrorPage } from "../dist/next-error.js";

test("the built files are client components", () => {
  for (const file of ["react", "next-error"]) {
    const code = readFileSync(new URL(`../dist/${file}.js`, import.meta.url), "utf8");
    assert.match(code, /^"use client";/);
  }
});

test("components render on a server", () => {
  let handle;
  const Child = () => {
    handle = useSightline();
    handle.captureException(new Error("on a server"));
    return "child";
  };
  assert.equal(renderToString(createElement(ErrorBoundary, { fallback: "fallback" }, createElement(Child))), "child");
  assert.equal(handle.shutdown(), undefined);
  const props = { error: new Error("own"), reset() {} };
  assert.match(renderToString(createElement(ErrorPage, props)), /^<div role="alert"><p>Something went wrong/);
  assert.match(renderToString(createElement(GlobalErrorPage, props)), /^<html lang="en">.*<body><div role="alert">/);
});

test("errors are told with the components they came from, and go on as React lets them", () => {
  const slot = Symbol.for("sightline.browser");
  const told = [];
  const logged = [];
  const { error: log } = console;
  globalThis[slot] = { captureException: (...args) => told.push(args) };
  console.error = (error) => logged.push(error);
  try {
    const own = new Error("own");
    onCaughtError(own, { componentStack: `\n    at Cart${"x".repeat(9000)}` });
    onUncaughtError(own, { componentStack: "\n    at Cart" });
    onUncaughtError("a text", { componentStack: "\n    at Cart" });
    // What Next.js means by a redirect is no error.
    onCaughtError(Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;push;/cart" }), {});
    assert.deepEqual(told.map(([error]) => error), [own, own]);
    assert.equal(told[0][1]["sightline.react.component_stack"].length, 1024);
    assert.equal(told[1][1]["sightline.react.component_stack"], "at Cart");
    assert.deepEqual(logged, [own, own, "a text"]);
  } finally {
    console.error = log;
    delete globalThis[slot];
  }
});
