// Which options are good, and what is taken in place of those that are not. The
// words for the latter are in problems.ts.

import type { Options } from "./options.js";
import type { Problem } from "./problems.js";

/** Options as the engine wants them: complete and valid. */
export type Resolved = Required<
  Omit<Options, "propagateTo" | "engine" | "consent" | "doNotTrack" | "beforeSend">
> &
  Pick<Options, "beforeSend">;

const isHttp = (url: unknown, base?: string): boolean => {
  try {
    return typeof url === "string" && new URL(url, base).protocol.startsWith("http");
  } catch {
    return false;
  }
};
const isBoolean = (value: unknown) => typeof value === "boolean";
const isText = (value: unknown) => typeof value === "string" && value;
const { isArray } = Array;
const isOneOf =
  (...values: string[]) =>
  (value: any) =>
    values.includes(value);

const RULES: { [Name in keyof Options]: (value: any) => unknown } = {
  serviceName: isText,
  serviceVersion: isText,
  environment: isText,
  endpoint: (value) => value && isHttp(value, location.href),
  propagateTo: isArray,
  routes: isArray,
  sampleRatio: (value) => typeof value === "number" && value >= 0 && value <= 1,
  engine: isOneOf("auto", "wasm", "js"),
  compress: isBoolean,
  persist: isBoolean,
  metrics: isBoolean,
  traces: isOneOf("interaction", "page"),
  consent: isOneOf("pending", "granted", "denied"),
  doNotTrack: isBoolean,
  beforeSend: (value) => typeof value === "function",
  console: isBoolean,
  resources: isBoolean,
  clicks: isBoolean,
};

/** The good options, defaults for the rest, and every problem found. */
export function resolve(options: unknown): [Resolved, Problem[]] {
  const problems: Problem[] = [];
  const good: Partial<Options> & Resolved = {
    serviceName: "unknown_service",
    serviceVersion: "",
    environment: "",
    endpoint: "/sightline",
    routes: [],
    sampleRatio: 1,
    compress: true,
    persist: true,
    metrics: false,
    traces: "interaction",
    console: false,
    resources: false,
    clicks: false,
  };
  const given = Object.entries({ serviceName: undefined, ...(options as object) });
  for (const [name, value] of given) {
    const isGood = RULES[name as keyof Options];
    if (isGood?.(value)) (good as { [name: string]: unknown })[name] = value;
    else if (value !== undefined || !isGood || name === "serviceName") problems.push([name]);
  }
  good.endpoint = good.endpoint.replace(/\/+$/, "");
  // Elsewhere the collector must allow one more header by CORS.
  if (new URL(good.endpoint, location.href).origin !== location.origin) {
    good.compress = (options as Options).compress === true;
  }
  // The page's own code could not read it.
  if (good.beforeSend) good.compress = false;
  good.propagateTo?.forEach((rule, at) => {
    if (!(rule instanceof RegExp) && !isHttp(rule)) problems.push([`propagateTo[${at}]`]);
  });
  return [good, problems];
}
