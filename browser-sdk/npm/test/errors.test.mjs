// Any value can be thrown, and none of them throws when it is described.

import assert from "node:assert/strict";
import test from "node:test";
import { source } from "./source.mjs";

const { describe } = await source("errors");
const class_ = class Own extends Error {};

test("describes whatever is thrown", () => {
  const hostile = new Proxy({}, { get: () => assert.fail("own"), has: () => assert.fail("own") });
  for (const [value, kind, message] of [
    [new TypeError("m"), "TypeError", "m"],
    [new class_("m"), "Error", "m"],
    [Object.assign(new Error("m"), { name: "" }), "Error", "m"],
    [new DOMException("m", "AbortError"), "AbortError", "m"],
    [{ name: "Like", message: "m" }, "Like", "m"],
    [{ message: "m" }, "Object", "m"],
    ["text", "string", "text"],
    [7n, "bigint", "7"],
    [undefined, "undefined", "undefined"],
    [null, "null", "null"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [{ a: 1 }, "object", "[object Object]"],
    [Object.create(null), "unknown", ""],
    [{ message: "m", get name() { throw new Error("own"); } }, "unknown", ""],
    [hostile, "unknown", ""],
  ]) {
    assert.deepEqual(describe(value).slice(0, 2), [kind, message]);
  }
});

test("describes no more than is of use", () => {
  const [, message] = describe(new Error("x".repeat(1e6)));
  assert.equal(message.length, 16384);
});
