// The two rules that can't wait for the engine agree with core's: which traces
// are kept (the table that core's own test reads), and how a traceparent looks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { source } from "./source.mjs";

const { newTraceparent, propagation } = await source("trace");

test("keeps the traces that core keeps", (context) => {
  const table = new URL("../../../tests/cases/sampling.txt", import.meta.url);
  const lines = readFileSync(table, "utf8").split("\n").filter((line) => line && line[0] !== "#");
  assert.ok(lines.length > 8);
  for (const line of lines) {
    const [share, id, kept] = line.split(" ");
    context.mock.method(crypto, "getRandomValues", (bytes) => {
      bytes.set(Buffer.from(id + "b7ad6b7169203331", "hex"));
      return bytes;
    });
    assert.equal(
      newTraceparent(Number(share)),
      `00-${id}-b7ad6b7169203331-${kept === "yes" ? "03" : "02"}`,
      line,
    );
    context.mock.restoreAll();
  }
});

test("every id is new", () => {
  const all = new Set(Array.from({ length: 100 }, () => newTraceparent(1)));
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
