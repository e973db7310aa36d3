// Which options of `withSightline` are good. Those of `init` are judged by its own
// rules; the templates of `routes` by the engine, in the page.

import type { NextOptions } from "../next.js";
import { type Problem, words } from "../problems.js";
import { resolve } from "../resolve.js";
import { warnOnce } from "./warning.js";

const isCollector = (value: unknown): boolean =>
  typeof value === "string" && /^https?:\/\/[^/?#]+[^?#]*$/.test(value);

/** The good ones; the others are named in one warning. */
export function check(options: NextOptions): NextOptions {
  const { collector = process.env.SIGHTLINE_COLLECTOR || undefined, fileRoutes, sourceMaps, dir, ...browser } = options ?? {};
  const bad: string[] = [];
  const good: NextOptions = {};
  if (isCollector(collector)) good.collector = collector!.replace(/\/+$/, "");
  else if (collector !== undefined) bad.push("collector must be an http(s) URL without query");
  for (const [name, value] of Object.entries({ fileRoutes, sourceMaps })) {
    if (typeof value === "boolean") good[name as "fileRoutes" | "sourceMaps"] = value;
    else if (value !== undefined) bad.push(`${name} must be true or false`);
  }
  if (typeof dir === "string") good.dir = dir;
  else if (dir !== undefined) bad.push("dir must be a string");

  // Without a name the app's is taken.
  const [, problems] = resolve({ ...browser, serviceName: browser.serviceName ?? "found" });
  const isTold = (name: string) => problems.some(([path]: Problem) => path.replace(/\[.*/, "") === name);
  for (const [name, value] of Object.entries(browser)) {
    if (typeof value === "function") {
      bad.push(`${name} is a function: give it to init() of @sightline/browser/next/client`);
    } else if (value !== undefined && !isTold(name)) {
      (good as { [name: string]: unknown })[name] = value;
    }
  }
  const others = problems.filter(([path]) => typeof (browser as { [name: string]: unknown })[path] !== "function");
  if (others.length) bad.push(words(others));
  // One bad rule leaves the good ones.
  if (Array.isArray(browser.propagateTo)) {
    const refused = problems.map(([path]) => path);
    good.propagateTo = browser.propagateTo.filter((_, at) => !refused.includes(`propagateTo[${at}]`));
  }
  if (bad.length) warnOnce(bad.join("; "));
  return good;
}
