// What is wrong with the options, each problem by its path, and what is taken
// in their place. Part of the engine's module: a page with good options should
// not wait for it.

import { checkRoutes } from "../engine/sightline_browser.js";
import type { Options } from "./options.js";

/** Options as the engine wants them: complete and valid. */
export interface Resolved {
  serviceName: string;
  serviceVersion: string;
  environment: string;
  endpoint: string;
  routes: string[];
  sampleRatio: number;
}

const KNOWN: readonly (keyof Options)[] = [
  "serviceName",
  "serviceVersion",
  "environment",
  "endpoint",
  "propagateTo",
  "routes",
  "sampleRatio",
];

/** The good options, defaults for the rest, and every problem found. */
export function resolve(options: unknown): [Resolved, string[]] {
  const problems: string[] = [];
  const given = (typeof options === "object" && options ? options : {}) as {
    [name: string]: unknown;
  };
  if (given !== options) problems.push("options must be an object");
  for (const name of Object.keys(given)) {
    if (!(KNOWN as string[]).includes(name)) problems.push(`${name} is not an option`);
  }

  const text = (name: keyof Options, otherwise: string): string => {
    const value = given[name];
    if (typeof value === "string" && value) return value;
    if (value !== undefined) problems.push(`${name} must be a string that is not empty`);
    return otherwise;
  };
  const list = (name: keyof Options): unknown[] => {
    const value = given[name];
    if (Array.isArray(value)) return value;
    if (value !== undefined) problems.push(`${name} must be an array`);
    return [];
  };

  if (given.serviceName === undefined) problems.push("serviceName is missing");
  const serviceName = text("serviceName", "unknown_service");
  const serviceVersion = text("serviceVersion", "");
  const environment = text("environment", "");

  let endpoint = text("endpoint", "/sightline");
  if (!isHttp(endpoint, location.href)) {
    problems.push("endpoint must be a path or an http(s) URL");
    endpoint = "/sightline";
  }

  list("propagateTo").forEach((rule, at) => {
    if (!(rule instanceof RegExp) && !isHttp(rule)) {
      problems.push(`propagateTo[${at}] must be an http(s) URL or a RegExp`);
    }
  });

  const routes = list("routes").map((route) => (typeof route === "string" ? route : ""));
  // The engine knows the rules of templates; it answers a line for each.
  const verdicts = checkRoutes(routes.map((route) => route.replace(/\n/g, " ")).join("\n"));
  const wrong = verdicts.split("\n");
  routes.forEach((_, at) => {
    if (wrong[at]) problems.push(`routes[${at}] ${wrong[at]}`);
  });

  let sampleRatio = 1;
  const ratio = given.sampleRatio;
  if (typeof ratio === "number" && ratio >= 0 && ratio <= 1) sampleRatio = ratio;
  else if (ratio !== undefined) problems.push("sampleRatio must be a number from 0 to 1");

  const good = routes.filter((_, at) => !wrong[at]);
  return [
    {
      serviceName,
      serviceVersion,
      environment,
      endpoint: endpoint.replace(/\/+$/, ""),
      routes: good,
      sampleRatio,
    },
    problems,
  ];
}

function isHttp(url: unknown, base?: string): boolean {
  try {
    return typeof url === "string" && new URL(url, base).protocol.startsWith("http");
  } catch {
    return false;
  }
}
