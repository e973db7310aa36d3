// An app of tests/apps as a user builds and starts it: a production build with the
// packed package of this checkout, then `next start` on a free port.
//
// Environment: SIGHTLINE_NEXT_APPS, a folder whose node_modules has Next.js and
// React as tests/apps/package-lock.json says.

import { execFileSync, fork, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** Ends the server with us, however we end. */
const WITH_US = ["--import", "data:text/javascript,process.on('disconnect', () => process.exit())"];

/** Runs `use` with the app's address and folder. */
export async function withApp(name, { bundler, collector }, use) {
  const installed = process.env.SIGHTLINE_NEXT_APPS;
  // Below what is installed: there its imports are found.
  const folder = mkdtempSync(join(installed, "run-"));
  let server;
  try {
    const dir = join(folder, name);
    cpSync(join(repository, "tests", "apps", name), dir, { recursive: true });
    unpack(join(folder, "node_modules", "@sightline", "browser"));
    const next = join(installed, "node_modules", "next", "dist", "bin", "next");
    const env = { ...process.env, SIGHTLINE_COLLECTOR: collector, NEXT_TELEMETRY_DISABLED: "1" };
    const begun = performance.now();
    const built = spawnSync(process.execPath, [next, "build", `--${bundler}`], { cwd: dir, env, encoding: "utf8" });
    if (built.status !== 0) throw new Error(`next build: ${built.stdout}\n${built.stderr}`);
    const buildSeconds = (performance.now() - begun) / 1000;
    // What is known of the collector is in the build.
    delete env.SIGHTLINE_COLLECTOR;
    const start = ["start", "-H", "127.0.0.1", "-p", "0"];
    server = fork(next, start, { cwd: dir, env, execArgv: WITH_US, silent: true });
    await use({ dir, origin: await address(server), built: built.stdout + built.stderr, buildSeconds });
  } finally {
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function unpack(folder) {
  const packed = join(repository, "dist", "npm");
  const tarball = readdirSync(packed).find((file) => file.endsWith(".tgz"));
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", join(packed, tarball), "-C", folder, "--strip-components=1"]);
}

/** The address that the server says when it listens. */
function address(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk) => {
      said += chunk;
      const [, url] = /Local:\s+(http:\S+)/.exec(said) ?? [];
      if (url) resolve(new URL(url).origin);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.once("exit", (code) => reject(new Error(`next start ended with ${code}: ${said}`)));
  });
}
