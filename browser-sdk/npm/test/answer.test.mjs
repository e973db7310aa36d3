// What an OTLP answer says of records that it refused; whatever else the answer
// is, none were.

import assert from "node:assert/strict";
import test from "node:test";
import { source } from "./source.mjs";

const { rejected } = await source("answer");

test("reads how many records were refused", () => {
  const words = [18, 3, 110, 111, 33];
  for (const [body, count, why] of [
    [[], 0, "all were taken"],
    [[10, 0], 0, "an empty partial_success"],
    [[10, 2, 8, 0], 0, "none, said outright"],
    [[10, 2, 8, 3], 3, "three"],
    [[10, 7, 8, 3, ...words], 3, "and why"],
    [[10, 5, ...words], 0, "a warning alone"],
    [[10, 3, 8, 172, 2], 300, "a varint of two bytes"],
    [[10, 133, 1, 8, 5, 18, 129, 1, ...Array(129).fill(120)], 5, "a length of two bytes"],
    [[18, 2, 8, 3], 0, "another field"],
    [[10, 3, 8], 0, "broken off"],
    [[10, 128, 128], 0, "broken off in the length"],
    [[...Buffer.from("\n{\"partialSuccess\":{}}")], 0, "JSON"],
    [[...Buffer.from("\n<!doctype html>")], 0, "a page"],
  ]) {
    assert.equal(rejected(Uint8Array.from(body)), count, why);
  }
});

test("ends, whatever comes", () => {
  const endless = rejected(new Uint8Array(5000).fill(255).with(0, 10));
  assert.equal(endless, 0);
  const many = new Uint8Array(5000).fill(255);
  many.set([10, 2, 8]);
  assert.equal(typeof rejected(many), "number");
});
