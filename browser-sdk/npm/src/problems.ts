// What is wrong with the options, in words: a module of its own, which pages with
// good options never load.

/** An option's path, and of a route template the engine's number of what is
 * wrong with it. */
export type Problem = [path: string, wrong?: number];

const TEXT = "must be a string that is not empty";
const ARRAY = "must be an array";
const BOOLEAN = "must be true or false";
const WORDS: { [path: string]: string } = {
  serviceName: TEXT,
  serviceVersion: TEXT,
  environment: TEXT,
  endpoint: "must be a path or an http(s) URL",
  propagateTo: ARRAY,
  "propagateTo[]": "must be an http(s) URL or a RegExp",
  routes: ARRAY,
  sampleRatio: "must be a number from 0 to 1",
  engine: 'must be "auto", "wasm" or "js"',
  compress: BOOLEAN,
  persist: BOOLEAN,
  metrics: BOOLEAN,
  traces: 'must be "interaction" or "page"',
  consent: 'must be "pending", "granted" or "denied"',
  doNotTrack: BOOLEAN,
  beforeSend: "must be a function",
  console: BOOLEAN,
  resources: BOOLEAN,
  clicks: BOOLEAN,
};

/** The words of the engine's core, in its order; its tests compare them. */
const ROUTES = [
  'must start with "/"',
  'braces must enclose a name, as in "/products/{id}" or "/files/{name}.json"',
  '"*" may only stand alone as the last segment',
  'must be a path: no query, fragment, ";", blanks or control characters',
  "matches the same paths as an earlier template",
];

/** What is wrong, in words, each with its path. */
export function words(problems: readonly Problem[]): string {
  const told = problems.map(([path, wrong]) => {
    const words = wrong ? ROUTES[wrong - 1] : WORDS[path.replace(/\d+/, "")];
    return `${path} ${words ?? "is not an option"}`;
  });
  return told.join("; ");
}

/** Names them all in one warning. */
export function warn(problems: readonly Problem[]): void {
  console.warn(`Sightline: init(): ${words(problems)}`);
}
