// The page's side of Next.js: where a router transition goes.

import assert from "node:assert/strict";
import test from "node:test";
import { onRouterTransitionStart } from "../dist/next-client.js";

test("a transition is told by its whole address", () => {
  const slot = Symbol.for("sightline.browser");
  const told = [];
  globalThis[slot] = { startNavigation: (url) => told.push(String(url)) };
  globalThis.location = { href: "https://shop.example/shop/products/7?a" };
  try {
    const goes = (url) => {
      onRouterTransitionStart(url);
      return told.pop();
    };
    // Next.js says paths without the base path.
    process.env.__NEXT_ROUTER_BASEPATH = "/shop";
    assert.equal(goes("/cart"), "https://shop.example/shop/cart");
    assert.equal(goes("?b"), "https://shop.example/shop/products/7?b");
    assert.equal(goes("https://shop.example/shop/cart"), "https://shop.example/shop/cart");
    assert.equal(goes("//other.example/cart"), "https://other.example/cart");
    assert.equal(goes("http://["), undefined);
    delete process.env.__NEXT_ROUTER_BASEPATH;
    assert.equal(goes("/cart"), "https://shop.example/cart");
    // A handle that throws is no concern of the router's.
    globalThis[slot] = { startNavigation: () => assert.fail("own") };
    assert.equal(goes("/cart"), undefined);
  } finally {
    delete globalThis[slot];
    delete globalThis.location;
    delete process.env.__NEXT_ROUTER_BASEPATH;
  }
});
