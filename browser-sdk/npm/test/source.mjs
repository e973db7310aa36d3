// Imports a TypeScript module of src/, which node can't read by itself.

import { build } from "esbuild";

export async function source(module) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../src/${module}.ts`, import.meta.url).pathname],
    bundle: true,
    external: ["node:*", "react"],
    format: "esm",
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}
