// The page's side of `@sightline/browser/next`: `init` with what `withSightline`
// has found out at build time, and the start of each router transition.

import { current } from "./handle.js";
import { type Handle, type Options, init as start } from "./index.js";

export type { Handle, Options };

/** Written into the page's code: the first by `withSightline`, through `env` of the
 * config, the other by Next.js. */
declare const process: { env: { SIGHTLINE_BROWSER?: string; __NEXT_ROUTER_BASEPATH?: string } };

/** The Pages Router's events, which it hangs on the window. */
interface PagesRouter {
  emitter?: { on(event: "routeChangeStart", listener: (url: string) => void): void };
}

/** `init` of `@sightline/browser`: options given here come before those of
 * `withSightline`. For what can't stand in a config, such as functions. */
export function init(options?: Partial<Options>): Handle {
  const handle = start({ ...configured(), ...options } as Options);
  // After this script has run, the Pages Router's own begins.
  if (typeof window !== "undefined") setTimeout(watchPagesRouter);
  return handle;
}

/** The App Router calls it when it begins to go to another URL, whose path is
 * without the app's base path. */
export function onRouterTransitionStart(url: string): void {
  const isPath = /^\/(?!\/)/.test(url);
  begin(url, () => (isPath && process.env.__NEXT_ROUTER_BASEPATH) || "");
}

function begin(url: string, before = () => ""): void {
  try {
    current()?.startNavigation(new URL(before() + url, location.href));
  } catch {
    // No URL: then there is no navigation to tell.
  }
}

/** What `withSightline` wrote; nothing without it. */
function configured(): Partial<Options> {
  try {
    const { propagateTo, ...rest } = JSON.parse(process.env.SIGHTLINE_BROWSER as string);
    const patterns = propagateTo?.map((rule: string | [source: string, flags: string]) =>
      Array.isArray(rule) ? new RegExp(...rule) : rule,
    );
    return patterns ? { ...rest, propagateTo: patterns } : rest;
  } catch {
    return {};
  }
}

function watchPagesRouter(): void {
  const { next } = window as { next?: PagesRouter };
  try {
    next?.emitter?.on("routeChangeStart", (url) => begin(url));
  } catch {
    // Another version's.
  }
}
