// Takes the source maps of a build to where nothing serves them, with the scripts
// they are of beside them, as `cargo xtask symbolicate --maps` wants them.

import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import type { Build, NextConfig } from "./shape.js";

/** `compiler.runAfterProductionCompile` of the config, then ours. */
export function keepMapsAfter(config: NextConfig, served: boolean): (build: Build) => Promise<void> {
  return async (build) => {
    await config.compiler?.runAfterProductionCompile?.(build);
    await keepMaps(resolve(build.projectDir, build.distDir), served);
  };
}

/** Moves maps, and copies scripts, from `static` to `sightline/maps/static`. Maps
 * that the user wants to be served are copied. Fails rather than leave one. */
export async function keepMaps(distDir: string, served: boolean): Promise<void> {
  const kept = join(distDir, "sightline", "maps");
  const built = join(distDir, "static");
  if (!existsSync(built)) return;
  const entries = await readdir(built, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const kind = extname(entry.name);
    if (!entry.isFile() || (kind !== ".map" && kind !== ".js")) continue;
    const from = join(entry.parentPath ?? entry.path, entry.name);
    const to = join(kept, from.slice(distDir.length));
    await mkdir(dirname(to), { recursive: true });
    if (kind === ".map" && !served) await rename(from, to);
    else await copyFile(from, to);
  }
}
