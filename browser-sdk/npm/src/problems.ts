// What is wrong with the options, in words: a module of its own, which pages with
// good options never load.

/** An option's path, and the engine's words if it has them. */
export type Problem = [path: string, words?: string];

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
};

/** Names them all in one warning. */
export function warn(problems: readonly Problem[]): void {
  const told = problems.map(
    ([path, words = WORDS[path.replace(/\d+/, "")] ?? "is not an option"]) => `${path} ${words}`,
  );
  console.warn(`Sightline: init(): ${told.join("; ")}`);
}
