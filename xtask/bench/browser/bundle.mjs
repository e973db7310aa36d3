// Makes a bundle of each set-up, as a production build would: one ES module,
// minified. Ours is left alone: its modules are served as the package has them.

import { readdirSync } from "node:fs";
import { build } from "esbuild";

await build({
  entryPoints: readdirSync("setups").map((name) => `setups/${name}`),
  external: ["/sdk/*"],
  bundle: true,
  format: "esm",
  target: "es2020",
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  outdir: "bundles",
});
