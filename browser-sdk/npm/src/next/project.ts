// What is known of the app from its folder: its name, its release, its Next.js,
// and whether it starts Sightline by itself.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export interface Project {
  /** Of its package.json. */
  name: string | undefined;
  /** Version and commit, such as `1.4.0+3f9a8b7c21d0`, as far as there are. */
  release: string | undefined;
  /** Major and minor version of Next.js; 0 where it is not found. */
  next: readonly [number, number];
  /** Whether its `instrumentation-client` file imports the package. */
  startsByItself: boolean;
}

/** Never throws. */
export function read(dir: string): Project {
  const { name, version } = json(join(dir, "package.json"));
  const commit = commitOf(dir);
  const [major = 0, minor = 0] = versionOfNext(dir).split(".").map(Number);
  return {
    name,
    release: [version, commit].filter(Boolean).join("+") || undefined,
    next: [major, minor],
    startsByItself: ["", "src"].some((folder) => importsUs(join(dir, folder))),
  };
}

function json(file: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}

function commitOf(dir: string): string | undefined {
  try {
    const git = (...what: string[]) =>
      execFileSync("git", what, { cwd: dir, stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
    // A repository further up that knows nothing of the app has no say.
    git("ls-files", "--error-unmatch", "package.json");
    return git("rev-parse", "--short=12", "HEAD");
  } catch {
    // A build from an archive, or on a host that tells it in another way.
    return process.env.VERCEL_GIT_COMMIT_SHA?.slice(0, 12);
  }
}

function versionOfNext(dir: string): string {
  try {
    return json(createRequire(join(dir, "package.json")).resolve("next/package.json")).version ?? "";
  } catch {
    return "";
  }
}

function importsUs(folder: string): boolean {
  const file = ["ts", "tsx", "js", "jsx", "mjs"]
    .map((extension) => join(folder, `instrumentation-client.${extension}`))
    .find((file) => existsSync(file));
  return !!file && /["']@sightline\/browser/.test(readFileSync(file, "utf8"));
}
