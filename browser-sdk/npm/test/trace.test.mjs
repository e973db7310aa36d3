// The two rules that can't wait for the engine agree with core's: which traces
// are kept (the table that core's own test reads), and how a traceparent looks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { source } from "./source.mjs";

const { newTraceparent, propagation } = await source("trace");

/** What core's rule (sampling.rs) says of a trace. */
const keeps = (share, id) =>
  BigInt("0x" + id.slice(18)) >= BigInt(Math.floor((1 - share) * 2 ** 56));

test("the rule that this test compares with is core's", () => {
  const table = new URL("../../../tests/cases/sampling.txt", import.meta.url);
  const lines = readFileSync(table, "utf8").split("\n").filter((line) => line && line[0] !== "#");
  assert.ok(lines.length > 8);
  for (const line of lines) {
    const [share, id, kept] = line.split(" ");
    assert.equal(keeps(Number(share), id), kept === "yes", line);
  }
});

test("a session's traces are kept or not, and core says the same of their ids", () => {
  for (const share of [0, 1e-6, 0.01, 0.1, 1 / 3, 0.5, 0.9, 1]) {
    for (let at = 0; at < 500; at++) {
      const session = Math.random();
      const [, id, , flags] = newTraceparent(share, { session }).split("-");
      assert.equal(flags, session >= 1 - share ? "03" : "02", "by its session");
      assert.equal(keeps(share, id), flags === "03", `${share}: ${id}`);
    }
  }
});

test("ids of all sessions together are spread evenly", () => {
  const count = 20000;
  let sum = 0;
  for (let at = 0; at < count; at++) {
    const [, id] = newTraceparent(0.1, { session: Math.random() }).split("-");
    sum += parseInt(id.slice(18), 16) / 2 ** 56 / count;
  }
  assert.ok(Math.abs(sum - 0.5) < 0.02, `mean ${sum}`);
});

test("after an error every trace is kept", () => {
  const [, id, , flags] = newTraceparent(0.1, { session: 0, hasErred: true }).split("-");
  assert.equal(flags, "03");
  assert.equal(keeps(0.1, id), false, "which the ids do not hide");
});

test("every id is new", () => {
  const all = new Set(Array.from({ length: 100 }, () => newTraceparent(1, { session: 0 })));
  assert.equal(all.size, 100);
  for (const one of all) assert.match(one, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
});

test("traceparent goes to the page's origin and to those allowed", () => {
  globalThis.location = new URL("https://shop.example/cart");
  const allows = (rules, url) => propagation(rules)(new URL(url));
  for (const [rules, url, expected, why] of [
    [undefined, "https://shop.example/api", true, "the page's own"],
    [undefined, "http://shop.example/api", false, "another scheme"],
    [undefined, "https://shop.example:8443/", false, "another port"],
    [undefined, "https://api.shop.example/", false, "a subdomain"],
    [["https://api.example"], "https://api.example/a?b", true, "an origin"],
    [["https://api.example"], "https://api.example.evil.net/", false, "an origin is no prefix of a text"],
    [["https://api.example"], "https://api.example@evil.net/", false, "nor a user's name"],
    [["https://api.example/v1/"], "https://api.example/v1/a", true, "a path"],
    [["https://api.example/v1/"], "https://api.example/v2/a", false, "another path"],
    [[/^https:\/\/[^/]+\.example\//g], "https://api.example/a", true, "a pattern"],
    [["no URL", "*", 42, null], "https://api.example/", false, "rules that are none"],
    ["https://api.example", "https://api.example/", false, "no array"],
  ]) {
    assert.equal(allows(rules, url), expected, why);
  }
  // A pattern with a memory has none here.
  const sticky = propagation([/example/g]);
  const url = new URL("https://api.example/");
  assert.deepEqual([sticky(url), sticky(url), sticky(url)], [true, true, true]);
});
