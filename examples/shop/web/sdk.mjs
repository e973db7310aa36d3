/**
 * `npm run sdk -- <tarball>`: unpacks a freshly built @sightline/browser into node_modules.
 *
 * An app of your own has it in its package.json. Here the package is built from this repository, so
 * its hash changes with every build and must not stand in package-lock.json. Run it after `npm ci`,
 * which removes what the lock file does not name.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const tarball = process.argv[2];
if (!tarball) {
  console.error("usage: npm run sdk -- <sightline-browser-VERSION.tgz>");
  process.exit(2);
}
const folder = fileURLToPath(new URL("node_modules/@sightline/browser", import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
execFileSync("tar", ["-xzf", resolve(tarball), "-C", folder, "--strip-components=1"], { stdio: "inherit" });
