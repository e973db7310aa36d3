// `withSightline`: what the page's side needs of the Next.js config. Runs in Node,
// where the config is read; nothing of it reaches a page or a request.

import { resolve as absolute } from "node:path";
import { check } from "./next/check.js";
import { allowEngineIn } from "./next/policy.js";
import { keepMapsAfter } from "./next/maps.js";
import { type Project, read } from "./next/project.js";
import { withIngest } from "./next/rewrites.js";
import { routesOf } from "./next/routes.js";
import type { NextConfig } from "./next/shape.js";
import { warnOnce } from "./next/warning.js";
import type { Options } from "./options.js";

/** Options of `withSightline`: those of `init` that are data, and how the build
 * is changed. An option that is not valid is named in one warning and taken as
 * not given; the build goes on. */
export interface NextOptions extends Partial<Omit<Options, "beforeSend">> {
  /** Where Next.js passes on what pages send to `/sightline`: the URL of an
   * OTLP/HTTP collector, such as `"http://localhost:4318"`. By default the
   * environment's `SIGHTLINE_COLLECTOR`; without either something in front of
   * Next.js must answer there. Read when the app is built. */
  collector?: string;
  /** Whether `routes` are found by the app's files, too (default). They stand in the
   * page's code, where everybody can read them. */
  fileRoutes?: boolean;
  /** Whether source maps are made and kept in `.next/sightline/maps`, where
   * nothing serves them (default). */
  sourceMaps?: boolean;
  /** The app's folder. By default the one that the build runs in. */
  dir?: string;
}

/** First of these Next.js that injects modules into pages. */
const INJECTS: readonly [number, number] = [16, 3];
/** First of these that tells when maps can be taken away, and makes debug ids:
 * before, they would be served. */
const TAKES_AWAY = 16;
const AUTO = "@sightline/browser/next/auto";

/** Gives the Next.js config back with what Sightline needs added: an object for an
 * object, a function for a function, a promise for a promise. What is given is not
 * changed. Put it outside of other wrappers. */
export function withSightline<Config>(config?: Config, options: NextOptions = {}): Config {
  const add = (given: unknown): unknown => {
    if (typeof given === "function") {
      return function (this: unknown, ...args: unknown[]) {
        return add(given.apply(this, args));
      };
    }
    if (given instanceof Promise) return given.then(add);
    // Next.js says what is wrong with anything else.
    return given == null || typeof given === "object" ? added(given ?? {}, options) : given;
  };
  return add(config) as Config;
}

function added(config: NextConfig, options: NextOptions): NextConfig {
  const good = check(options);
  const { collector, fileRoutes = true, sourceMaps = true, dir = ".", ...browser } = good;
  const project = read(absolute(dir));
  const basePath = config.basePath ?? "";
  // What is exported has no server, and another origin does not pass by here.
  const isServed = config.output !== "export" && !/^https?:/.test(browser.endpoint ?? "");
  const ingest = isServed ? collector : undefined;
  const page = {
    ...browser,
    serviceName: browser.serviceName ?? project.name,
    serviceVersion: browser.serviceVersion ?? project.release,
    // Where Next.js passes it on, its own paths begin with that of the app.
    endpoint: browser.endpoint ?? (ingest ? `${basePath}/sightline` : undefined),
    routes: fileRoutes ? routesOf(absolute(dir), config, browser.routes ?? []) : browser.routes,
    propagateTo: browser.propagateTo?.map(asData),
  };
  const result: NextConfig = {
    ...config,
    env: { ...config.env, SIGHTLINE_BROWSER: JSON.stringify(page) },
  };
  if (isInjected(project)) {
    result.instrumentationClientInject = [AUTO, ...(config.instrumentationClientInject ?? [])];
  }
  if (ingest) result.rewrites = withIngest(config, page.endpoint as string, ingest);
  if (config.headers && browser.engine !== "js") result.headers = allowEngineIn(config);
  if (sourceMaps && project.next[0] >= TAKES_AWAY) withMaps(result, config);
  return result;
}

/** A pattern can't stand in JSON; `next-client.ts` makes it again. */
const asData = (rule: string | RegExp): string | [string, string] =>
  rule instanceof RegExp ? [rule.source, rule.flags] : rule;

/** Whether Next.js is to start it. Not where a file of the user does. */
function isInjected({ next, startsByItself }: Project): boolean {
  if (startsByItself) return false;
  const [major, minor] = next;
  const can = major > INJECTS[0] || (major === INJECTS[0] && minor >= INJECTS[1]);
  if (!can) {
    warnOnce(`this Next.js can't inject it: put \`export * from "${AUTO}"\` into instrumentation-client.ts`);
  }
  return can;
}

/** Has maps and debug ids made by either bundler, and takes the maps away after. */
function withMaps(result: NextConfig, config: NextConfig): void {
  const served = config.productionBrowserSourceMaps === true;
  result.productionBrowserSourceMaps = true;
  result.compiler = { ...config.compiler, runAfterProductionCompile: keepMapsAfter(config, served) };
  // A `webpack` without a `turbopack` stops a build by Turbopack, on purpose: so
  // each is added only for its own bundler, or beside what is there.
  if (process.env.TURBOPACK && (config.turbopack || !config.webpack)) {
    result.turbopack = { debugIds: true, ...config.turbopack };
  }
  if (!process.env.TURBOPACK && !process.env.NEXT_RSPACK) {
    result.webpack = (given, context) => {
      const changed = config.webpack ? config.webpack.call(config, given, context) : given;
      // Only Next.js' own choice of the maps is made more precise.
      if (!context.dev && changed?.devtool === "source-map") changed.devtool = "source-map-debugids";
      return changed;
    };
  }
}
