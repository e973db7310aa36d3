// Builds dist/: the eager module, the engine's module and the engine itself, all of
// it once more as one classic script, the entries for React and Next.js, minified,
// and the types. The engine is expected in the folder that SIGHTLINE_ENGINE names,
// else in engine/.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);

const given = process.env.SIGHTLINE_ENGINE;
if (given) {
  rmSync("engine", { recursive: true, force: true });
  cpSync(given, "engine", { recursive: true });
}
if (!existsSync("engine/engine.wasm")) {
  console.error("engine/ holds no engine.wasm. `cargo xtask dist` builds it.");
  process.exit(1);
}

rmSync("dist", { recursive: true, force: true });
rmSync("types", { recursive: true, force: true });

// Has every function compiled when its module is loaded, which costs a page less
// than to do so one by one. Bundlers drop the comment.
const COMPILE_AT_ONCE = "//# allFunctionsCalledOnLoad";
const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  // What the two modules share with each other and nobody else, by short names.
  mangleProps: /^(nativeFetch|inputs|lost|repeated|hiddenMs|events|fail|record|hide|settled|schedule|deliver|drain|takeBack|observer|begun|recover|broke|keep|take|sent|allows|args|tracer|hasErred|session|current|parent|given|observed|running)$/,
  banner: { js: COMPILE_AT_ONCE },
  minify: true,
  legalComments: "none",
  outdir: "dist",
};
const eager = await build({
  ...shared,
  entryPoints: ["src/index.ts"],
  external: ["./engine.js"],
  mangleCache: {},
});
await build({
  ...shared,
  entryPoints: ["src/engine.ts"],
  external: ["./before_send.js", "./fallback.js", "./more.js", "./problems.js"],
  mangleCache: eager.mangleCache,
});
for (const entry of ["engine/fallback.js", "src/problems.ts", "src/more.ts", "src/before_send.ts"]) {
  await build({ ...shared, entryPoints: [entry], mangleProps: undefined });
}
// The page's script tag knows no other file. Only what a page with a strict policy
// asks for lies beside it.
const FALLBACK = 'import("./fallback.js")';
const inline = {
  name: "inline",
  setup({ onResolve }) {
    const file = (name) => () => ({ path: join(here, "src", name) });
    onResolve({ filter: /^\.\/engine\.js$/ }, file("engine.ts"));
    onResolve({ filter: /^\.\/wasm\.js$/ }, file("wasm_inline.ts"));
  },
};
await build({
  ...shared,
  entryPoints: { sightline: "src/script.ts" },
  format: "iife",
  globalName: "Sightline",
  external: ["./fallback.js"],
  loader: { ".wasm": "binary" },
  plugins: [inline],
  // Where the file lies is known only while it runs for the first time.
  banner: { js: 'var Sightline=(()=>{"use strict";const script=globalThis.document?.currentScript?.src;' },
  footer: { js: "return Sightline})();" },
  mangleCache: eager.mangleCache,
});
const script = readFileSync("dist/sightline.js", "utf8");
if (script.split(FALLBACK).length !== 2) throw new Error("the script asks for fallback.js in another way");
writeFileSync("dist/sightline.js", script.replace(FALLBACK, 'import(new URL("fallback.js",script))'));
// After esbuild it still finds 280 bytes (brotli).
for (const name of ["index", "engine", "sightline"]) {
  const isModule = name !== "sightline";
  const { code } = await minify(readFileSync(`dist/${name}.js`, "utf8"), {
    module: isModule,
    ecma: 2022,
    compress: { passes: 3, pure_getters: true },
    // The script tag's file is there at once, its engine is wanted late.
    format: isModule ? { preamble: COMPILE_AT_ONCE } : {},
  });
  writeFileSync(`dist/${name}.js`, code);
}

cpSync("engine/engine.wasm", "dist/engine.wasm");
cpSync("../../LICENSE", "LICENSE");

await entries();
types();

/** The entries beside the main one. What they import of the package is loaded
 * once, with it. */
async function entries() {
  const ofPages = { bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none" };
  for (const entry of ["react", "next-error", "next-client", "next-auto"]) {
    const isComponent = ["react", "next-error"].includes(entry);
    await build({
      ...ofPages,
      entryPoints: [`src/${entry}.ts`],
      outdir: "dist",
      external: ["react", "./index.js", "./next-client.js"],
      // Server components refer to what is in here by reference.
      banner: { js: isComponent ? '"use client";' : "" },
    });
  }
  // Read by people whose build fails: not minified.
  for (const [format, file] of [["esm", "next.js"], ["cjs", "next.cjs"]]) {
    await build({
      entryPoints: ["src/next.ts"],
      outfile: `dist/${file}`,
      bundle: true,
      platform: "node",
      target: "node20",
      format,
      // The rules of options ask for the page's address, which is not known yet.
      define: { "location.href": '"http://localhost/"', "location.origin": '"http://localhost"' },
    });
  }
}

/** Types of the entries, and of nothing else. */
function types() {
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  for (const project of ["tsconfig.json", "tsconfig.next.json"]) {
    execFileSync(process.execPath, [tsc, "--project", project], { stdio: "inherit" });
  }
  const read = (module) => readFileSync(`types/src/${module}.d.ts`, "utf8");
  for (const module of ["index", "options", "react", "next", "next-client", "next-auto", "next-error"]) {
    writeFileSync(`dist/${module}.d.ts`, read(module));
  }
  // CommonJS can't take its types from a module: all in one.
  writeFileSync("dist/next.d.cts", read("options") + read("next").replace(/^import .*\n/gm, ""));
  rmSync("types", { recursive: true, force: true });
}
