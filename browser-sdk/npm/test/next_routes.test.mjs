// The files of app/ and pages/ as the templates that the engine compares.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { source } from "./source.mjs";

const { routesOf } = await source("next/routes");

function routes(files, config = {}, own = []) {
  const dir = mkdtempSync(join(tmpdir(), "sightline-routes-"));
  try {
    for (const file of files) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), "");
    }
    return routesOf(dir, config, own);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("each file of app/ has its path", () => {
  for (const [file, path] of [
    ["app/page.tsx", "/"],
    ["app/cart/page.js", "/cart"],
    ["app/api/orders/[id]/route.ts", "/api/orders/{id}"],
    ["app/(shop)/products/[id]/page.tsx", "/products/{id}"],
    ["app/(shop)/page.tsx", "/"],
    ["app/files/[...path]/page.tsx", "/files/*"],
    ["app/docs/[[...path]]/page.tsx", "/docs/*"],
    ["app/[[...path]]/page.tsx", "/*"],
    ["app/[lang]/[product-id]/page.tsx", "/{lang}/{product-id}"],
    ["app/dashboard/@team/members/page.tsx", "/dashboard/members"],
    ["app/feed/@modal/(.)photo/[id]/page.tsx", "/feed/photo/{id}"],
    ["app/feed/(..)photo/[id]/page.tsx", "/photo/{id}"],
    ["app/a/b/(..)(..)photo/page.tsx", "/photo"],
    ["app/a/(group)/b/(...)photo/page.tsx", "/photo"],
    ["app/%5Fprivate/page.tsx", "/_private"],
    ["app/caf\u00e9/page.tsx", "/caf%C3%A9"],
    ["app/a;b*/page.tsx", "/a%3Bb%2A"],
    // No routes.
    ["app/_lib/page.tsx", undefined],
    ["app/cart/layout.tsx", undefined],
    ["app/cart/my.page.tsx", undefined],
    ["app/cart/page.css", undefined],
    ["app/page.d.ts", undefined],
    ["app/sitemap.ts", undefined],
  ]) {
    assert.deepEqual(routes([file]), path ? [path] : [], file);
  }
});

test("each file of pages/ has its path", () => {
  for (const [file, path] of [
    ["pages/index.tsx", "/"],
    ["pages/products/index.jsx", "/products"],
    ["pages/products/[id].tsx", "/products/{id}"],
    ["pages/products/[id]/reviews.tsx", "/products/{id}/reviews"],
    ["pages/docs/[[...path]].tsx", "/docs/*"],
    ["pages/api/orders/[id].ts", "/api/orders/{id}"],
    ["pages/404/more.tsx", "/404/more"],
    ["pages/_app.tsx", undefined],
    ["pages/_document.tsx", undefined],
    ["pages/_error.js", undefined],
    ["pages/500.tsx", undefined],
    ["pages/types.d.ts", undefined],
    ["pages/readme.md", undefined],
  ]) {
    assert.deepEqual(routes([file]), path ? [path] : [], file);
  }
});

test("folders in src count where there are none beside it", () => {
  assert.deepEqual(routes(["src/app/a/page.tsx", "src/pages/b.tsx"]), ["/a", "/b"]);
  assert.deepEqual(routes(["app/a/page.tsx", "src/app/b/page.tsx"]), ["/a"]);
  assert.deepEqual(routes([]), []);
});

test("the config's settings count", () => {
  const files = ["pages/a.page.tsx", "pages/a.test.tsx", "pages/b.tsx"];
  assert.deepEqual(routes(files, { pageExtensions: ["page.tsx"] }), ["/a"]);
  const app = ["app/page.tsx", "app/a/page.tsx", "app/feed.xml/route.ts", "app/d/[...rest]/page.tsx"];
  assert.deepEqual(routes(app, { trailingSlash: true }), ["/", "/a/", "/d/*", "/feed.xml"]);
  assert.deepEqual(routes(["app/page.tsx", "app/a/page.tsx"], { basePath: "/shop" }), ["/shop", "/shop/a"]);
  assert.deepEqual(routes(["pages/index.tsx", "pages/a.tsx"], { i18n: { locales: ["en"] } }), ["/", "/{locale}", "/a", "/{locale}/a"]);
});

test("no two templates mean the same, and the user's come first", () => {
  const files = ["app/products/[id]/page.tsx", "pages/products/[slug].tsx", "app/cart/page.tsx", "app/(b)/cart/page.tsx"];
  assert.deepEqual(routes(files), ["/cart", "/products/{id}"]);
  assert.deepEqual(routes(files, {}, ["/products/{sku}"]), ["/products/{sku}", "/cart"]);
});

test("there are no more than the engine takes", () => {
  const many = Array.from({ length: 600 }, (_, at) => `app/p${at}/page.tsx`);
  assert.equal(routes(many).length, 512);
});
