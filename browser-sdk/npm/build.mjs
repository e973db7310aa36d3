// Builds dist/: the eager module and the engine's module, each minified, and
// the types. The engine, as wasm-bindgen's `web` target writes it, is expected
// in the folder that SIGHTLINE_ENGINE names, else in engine/.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);

const given = process.env.SIGHTLINE_ENGINE;
if (given) {
  rmSync("engine", { recursive: true, force: true });
  cpSync(given, "engine", { recursive: true });
}
// It types the raw module; we import that as text.
rmSync("engine/sightline_browser_bg.wasm.d.ts", { force: true });
if (!existsSync("engine/sightline_browser_bg.wasm")) {
  console.error(
    "engine/ holds no engine. `cargo xtask dist` builds it, and so does\n" +
      "`wasm-pack build --target web --out-dir npm/engine` in browser-sdk.",
  );
  process.exit(1);
}

rmSync("dist", { recursive: true, force: true });
rmSync("types", { recursive: true, force: true });

const shared = {
  bundle: true,
  format: "esm",
  target: "es2020",
  minify: true,
  sourcemap: "linked",
  sourcesContent: true,
  legalComments: "none",
  outdir: "dist",
};
await build({ ...shared, entryPoints: ["src/index.ts"], external: ["./engine.js"] });
await build({ ...shared, entryPoints: ["src/engine.ts"], plugins: [inlineWasm()] });

const tsc = join("node_modules", "typescript", "bin", "tsc");
execFileSync(process.execPath, [tsc, "--project", "."], { stdio: "inherit" });
// The eager module's types refer to nothing but the options' and the handle's.
for (const module of ["index", "options"]) {
  writeFileSync(`dist/${module}.d.ts`, readFileSync(`types/src/${module}.d.ts`));
}
rmSync("types", { recursive: true, force: true });

/** `import wasm from "….wasm"` gives the module as base64 text. */
function inlineWasm() {
  return {
    name: "inline-wasm",
    setup(build) {
      build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
        contents: readFileSync(path).toString("base64"),
        loader: "text",
      }));
      // The glue's own way of finding the module beside it; we always hand it
      // the bytes.
      build.onLoad({ filter: /sightline_browser\.js$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replaceAll("import.meta.url", '""'),
        loader: "js",
      }));
    },
  };
}
