// The rule by which Next.js passes on what pages send, before all of the user's.

import type { NextConfig, Rewrites } from "./shape.js";

/** `rewrites` of the config with ours first. */
export function withIngest(config: NextConfig, endpoint: string, collector: string): () => Promise<Rewrites> {
  const rule = ruleFor(config.basePath ?? "", endpoint, collector);
  return async () => {
    const own: Rewrites = (await config.rewrites?.()) ?? [];
    // An array is for what no file answers: so it stays.
    return "length" in own
      ? { beforeFiles: [rule], afterFiles: own, fallback: [] }
      : { ...own, beforeFiles: [rule, ...(own.beforeFiles ?? [])] };
  };
}

/** Next.js puts the base path before a source; one that is not below it has to
 * say so. */
function ruleFor(basePath: string, endpoint: string, collector: string): object {
  const path = endpoint.replace(/\/+$/, "");
  const destination = `${collector}/v1/:path*`;
  return path.startsWith(`${basePath}/`)
    ? { source: `${path.slice(basePath.length)}/v1/:path*`, destination }
    : { source: `${path}/v1/:path*`, destination, basePath: false };
}
