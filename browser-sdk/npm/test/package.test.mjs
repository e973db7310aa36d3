// What is packed is found and typed by whatever resolves packages, at every entry,
// and the script tag's file is a script.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import vm from "node:vm";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = new URL("..", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "sightline-package-"));
after(() => rmSync(folder, { recursive: true }));
execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, stdio: "ignore" });
const packed = join(folder, readdirSync(folder)[0]);

test("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: readFileSync(packed) }, strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg, { color: false })), []);
});

test("the types are right for every entry", () => {
  // ECMAScript modules only: `require` has them where Node.js lets it.
  const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  const options = ["--profile", "esm-only", "--format", "json", "--no-emoji", "--no-color"];
  const run = () => execFileSync(process.execPath, [attw, packed, ...options], { encoding: "utf8" });
  const { analysis } = JSON.parse(run());
  const code = (name) => !/\.(json|css)$/.test(name);
  assert.deepEqual(
    Object.keys(analysis.entrypoints).filter(code).sort(),
    Object.keys(manifest.exports).filter(code).sort(),
  );
  for (const [entry, { resolutions }] of Object.entries(analysis.entrypoints)) {
    for (const kind of ["node16-esm", "bundler"]) {
      assert.ok(resolutions[kind].resolution, `${entry} by ${kind}`);
    }
  }
});

test("the script is one, and harmless without a document", () => {
  const context = vm.createContext({ AbortController, console });
  const before = Object.keys(context);
  vm.runInContext(readFileSync(join(root, "dist/sightline.js"), "utf8"), context);
  assert.deepEqual(Object.keys(context).filter((name) => !before.includes(name)), ["Sightline"]);
  assert.equal(vm.runInContext("typeof Sightline.init({ serviceName: 'server' }).flush", context), "function");
});
