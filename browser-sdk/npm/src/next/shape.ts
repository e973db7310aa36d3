// As much of the Next.js config as is read or added to. No code.

/** What `rewrites()` of a config gives. */
export type Rewrites =
  | readonly object[]
  | { beforeFiles?: readonly object[]; afterFiles?: readonly object[]; fallback?: readonly object[] };

/** One rule of `headers()`. */
export interface HeaderRule {
  headers: readonly { key: string; value: string }[];
}

/** A Next.js config. */
export interface NextConfig {
  basePath?: string;
  output?: string;
  pageExtensions?: readonly string[];
  trailingSlash?: boolean;
  i18n?: object | null;
  env?: { [name: string]: string | undefined };
  productionBrowserSourceMaps?: boolean;
  instrumentationClientInject?: readonly string[];
  turbopack?: object;
  compiler?: {
    runAfterProductionCompile?: (build: Build) => unknown;
  };
  webpack?: ((config: { devtool?: unknown }, context: { dev: boolean }) => { devtool?: unknown }) | null;
  rewrites?: () => Rewrites | Promise<Rewrites>;
  headers?: () => readonly HeaderRule[] | Promise<readonly HeaderRule[]>;
}

/** What Next.js tells of a build. */
export interface Build {
  projectDir: string;
  distDir: string;
}
