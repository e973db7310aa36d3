// Runs a case of the table in this page, and tells all that the page could see of
// it. Nothing here depends on time: what may come earlier or later is no part of it.

import * as fetchAnswers from "./fetch_answers.js";
import * as fetchCalls from "./fetch_calls.js";
import * as fetchOptions from "./fetch_options.js";
import * as worker from "./service_worker.js";
import * as xhrBodies from "./xhr_bodies.js";
import * as xhrStates from "./xhr_states.js";

const cases = {};
for (const [group, module] of Object.entries({ fetchCalls, fetchOptions, fetchAnswers, xhrBodies, xhrStates, worker })) {
  for (const [name, run] of Object.entries(module.cases)) {
    // What the browser does not have is no case there.
    if (!run.needs || run.needs()) cases[`${group}: ${name}`] = run;
  }
}

/** No case takes as long; one that hangs, hangs with the SDK and without. */
const DEADLINE_MS = 5000;

const asked = new URLSearchParams(location.search);
// Nobody but a case may clone: what is cloned and not read fills memory.
globalThis.clones = 0;
for (const type of [Response, Request]) {
  const { clone } = type.prototype;
  type.prototype.clone = function () {
    globalThis.clones++;
    return clone.call(this);
  };
}
if (asked.has("options")) {
  const { init } = await import("/sdk/index.js");
  globalThis.sightline = init(JSON.parse(asked.get("options")));
  await sightline.flush();
}

/** An error as data: what `catch` and a console see of it. */
const told = (error) =>
  error instanceof Error || error instanceof DOMException
    ? { class: error.constructor.name, name: error.name, message: error.message, code: error.code ?? null }
    : { thrown: error ?? String(error) };

/** Runs the case of this name: what it gave or threw, and what it noted. */
async function observe(name) {
  const notes = [];
  const foreign = asked.get("foreign");
  /** An address for this case alone, so that the server's view of it is known. */
  const at = (path, origin = "") => `${origin}/api/sameness/${path}${path.includes("?") ? "&" : "?"}case=${encodeURIComponent(name)}`;
  const note = (...what) => notes.push(what.length > 1 ? what : what[0]);
  const onError = (event) => {
    event.preventDefault();
    notes.push(["unhandled", told(event.reason ?? event.error)]);
  };
  for (const type of ["error", "unhandledrejection"]) addEventListener(type, onError);
  const before = globalThis.clones;
  let result;
  try {
    const ended = Promise.resolve(cases[name]({ at, foreign, note, told, until })).then((value) => ({ gave: value ?? null }));
    const late = new Promise((done) => setTimeout(done, DEADLINE_MS, { gave: "did not end" }));
    result = await Promise.race([ended, late]);
  } catch (error) {
    result = { threw: told(error) };
  }
  // Rejections that nobody handles are told a task later.
  await new Promise((done) => setTimeout(done));
  await new Promise((done) => setTimeout(done));
  for (const type of ["error", "unhandledrejection"]) removeEventListener(type, onError);
  const cloned = globalThis.clones - before;
  return { ...result, notes, cloned };
}

/** Waits until this holds. */
async function until(holds) {
  while (!holds()) await new Promise((done) => setTimeout(done, 5));
}

globalThis.sameness = { names: Object.keys(cases), observe };
