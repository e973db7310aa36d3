// Any value can be thrown, and none of them throws when it is described.

import assert from "node:assert/strict";
import test from "node:test";
import { source } from "./source.mjs";

// Of browsers; there is none here.
globalThis.ErrorEvent = class ErrorEvent {};
globalThis.window = {};
const { describe } = await source("errors");
const { withCauses } = await source("causes");
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

test("an event of an error is the error in it", () => {
  const event = (members) => Object.assign(new ErrorEvent(), members);
  const place = { filename: "https://shop.example/worker.js", lineno: 3, colno: 7 };
  for (const [members, expected] of [
    [{ error: { name: "TypeError", message: "m", stack: "s" }, ...place }, ["TypeError", "m", "s"]],
    [{ error: null, message: "Uncaught Error: m", ...place }, ["string", "Uncaught Error: m", "at https://shop.example/worker.js:3:7"]],
    [{ error: "text", message: "Uncaught text", ...place }, ["string", "text", "at https://shop.example/worker.js:3:7"]],
    [{ error: null, message: "Uncaught null", ...place, target: window }, ["null", "null", "at https://shop.example/worker.js:3:7"]],
    [{ error: null, message: "Script error.", filename: "" }, ["Error", "Script error.", ""]],
  ]) {
    assert.deepEqual(describe(event(members)), expected);
  }
});

test("tells what led to an error", () => {
  const told = (error) => withCauses(describe(error)[2], error).split("\n").filter((line) => !line.startsWith("    at "));
  const inner = new RangeError("inner");
  const outer = new TypeError("outer", { cause: new Error("middle", { cause: inner }) });
  assert.deepEqual(told(outer), ["TypeError: outer", "Caused by: Error: middle", "Caused by: RangeError: inner"]);
  assert.deepEqual(told(new AggregateError([inner, "a text"], "all")), [
    "AggregateError: all",
    "Caused by: RangeError: inner",
    "Caused by: string: a text",
    "",
  ]);
  // As Firefox and WebKit write stacks.
  inner.stack = "f@https://shop.example/app.js:1:2";
  assert.deepEqual(told({ message: "m", stack: "", cause: inner }).slice(1), ["Caused by: RangeError: inner", inner.stack]);
  assert.deepEqual(told({ message: "m", cause: { get cause() { throw inner; } } }), ["", "Caused by: object: [object Object]", ""]);
});

test("tells so many causes, of circles and crowds too", () => {
  const circle = new Error("round");
  circle.cause = circle;
  const crowd = new AggregateError(Array(1e6).fill(new Error("one")), "many");
  for (const error of [circle, crowd]) assert.equal(withCauses("", error).split("Caused by: ").length, 5);
});
