// The script-tag build: everything in one classic script, which puts `Sightline`
// on the page. `build.mjs` says what it has in place of the modules' files.

export { init } from "./index.js";
