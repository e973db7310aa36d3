// What is wrong with the options, each problem by its path, and what is taken
// in their place. Part of the engine's module: a page with good options should
// not wait for it.

import { ask } from "./gate.js";
import { Kind } from "./input.js";
import type { Options } from "./options.js";

/** Options as the engine wants them: complete and valid. */
export type Resolved = Required<Omit<Options, "propagateTo" | "engine">>;

const isHttp = (url: unknown, base?: string): boolean => {
  try {
    return typeof url === "string" && new URL(url, base).protocol.startsWith("http");
  } catch {
    return false;
  }
};
const isText = (value: unknown) => typeof value === "string" && value;

/** What each option must be, in a test and in words. */
const RULES: { [Name in keyof Options]: [(value: any) => unknown, string] } = {
  serviceName: [isText, "a string that is not empty"],
  serviceVersion: [isText, "a string that is not empty"],
  environment: [isText, "a string that is not empty"],
  endpoint: [(value) => value && isHttp(value, location.href), "a path or an http(s) URL"],
  propagateTo: [Array.isArray, "an array"],
  routes: [Array.isArray, "an array"],
  sampleRatio: [
    (value) => typeof value === "number" && value >= 0 && value <= 1,
    "a number from 0 to 1",
  ],
  engine: [(value) => ["auto", "wasm", "js"].includes(value), '"auto", "wasm" or "js"'],
};

/** The good options, defaults for the rest, and every problem found. */
export function resolve(options: unknown): [Resolved, string[]] {
  const problems: string[] = [];
  const good: Partial<Options> & Resolved = {
    serviceName: "unknown_service",
    serviceVersion: "",
    environment: "",
    endpoint: "/sightline",
    routes: [],
    sampleRatio: 1,
  };
  const given = Object.entries({ serviceName: undefined, ...(options as object) });
  for (const [name, value] of given) {
    const rule = RULES[name as keyof Options];
    if (!rule) problems.push(`${name} is not an option`);
    else if (rule[0](value)) (good as { [name: string]: unknown })[name] = value;
    else if (value !== undefined || name === "serviceName") {
      problems.push(`${name} must be ${rule[1]}`);
    }
  }
  good.endpoint = good.endpoint.replace(/\/+$/, "");
  good.propagateTo?.forEach((rule, at) => {
    if (!(rule instanceof RegExp) && !isHttp(rule)) {
      problems.push(`propagateTo[${at}] must be an http(s) URL or a RegExp`);
    }
  });
  // The engine knows the rules of templates; it answers a line for each.
  const lines = good.routes.map((route) => String(route).replace(/\n/g, " "));
  const wrong = ask(Kind.CheckRoutes, lines.join("\n"));
  good.routes = good.routes.filter((_, at) => {
    if (wrong[at]) problems.push(`routes[${at}] ${wrong[at]}`);
    return !wrong[at];
  });
  return [good, problems];
}
