// Cases of the second argument of `fetch`: what kind of object it is, who is asked
// for which member, how often and in which order; and what headers may be.

import { json } from "./answer.js";

/** Members that only the class's own methods can read. */
class Private {
  #method = "PUT";
  get method() {
    return this.#method;
  }
  get headers() {
    return { "x-own": this.#method };
  }
}
const MEMBERS = ["body", "cache", "credentials", "headers", "integrity", "keepalive", "method", "mode", "redirect", "referrer", "referrerPolicy", "signal"];
/** Options whose members note that they are read. */
const noting = (note, values, members = MEMBERS) =>
  Object.defineProperties(
    {},
    Object.fromEntries(members.map((name) => [name, { enumerable: true, get: () => (note(name), values[name]) }])),
  );

export const cases = {
  "null": ({ at }) => fetch(at("echo"), null).then(json),
  "undefined": ({ at }) => fetch(at("echo"), undefined).then(json),
  "a number": ({ at }) => fetch(at("unseen"), 42),
  "zero": ({ at }) => fetch(at("unseen"), 0),
  "a text": ({ at }) => fetch(at("unseen"), "POST"),
  "an empty text": ({ at }) => fetch(at("unseen"), ""),
  "a function": ({ at }) => fetch(at("echo"), Object.assign(() => {}, { method: "PUT" })).then(json),
  "a third argument": ({ at }) => fetch(at("echo"), {}, { method: "PUT" }).then(json),
  "left alone": async ({ at }) => {
    const headers = new Headers({ "x-own": "a" });
    const options = { method: "POST", body: "b", headers };
    await fetch(at("echo"), options);
    return [Reflect.ownKeys(options), options.headers === headers, [...headers]];
  },
  "frozen": ({ at }) =>
    fetch(at("echo"), Object.freeze({ method: "POST", body: "b", headers: Object.freeze({ "x-own": "a" }) })).then(json),
  "without a prototype": ({ at }) => fetch(at("echo"), Object.assign(Object.create(null), { method: "PUT" })).then(json),
  "inherited": ({ at }) => fetch(at("echo"), Object.create({ method: "PUT", headers: { "x-own": "a" } })).then(json),
  "not enumerable": ({ at }) =>
    fetch(at("echo"), Object.defineProperties({}, { method: { value: "PUT" }, headers: { value: { "x-own": "a" } } })).then(json),
  "of a class of its own": ({ at }) => fetch(at("echo"), new Private()).then(json),
  "a Request": ({ at }) => fetch(at("echo"), new Request("/elsewhere", { method: "PUT", headers: { "x-own": "a" } })).then(json),
  "a Request, for a Request": ({ at }) =>
    fetch(new Request(at("echo")), new Request("/elsewhere", { method: "PUT", headers: { "x-own": "a" } })).then(json),
  "of a frame": async ({ at }) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const options = new frame.contentWindow.Object();
    options.method = "PUT";
    const answer = await fetch(at("echo"), options).then(json);
    frame.remove();
    return answer;
  },
  "a proxy": ({ at, note }) => {
    const told = (trap) => (target, name, ...rest) => {
      // Later members are asked for by some browsers, not by others.
      if (MEMBERS.includes(name)) note(trap, name);
      return Reflect[trap](target, name, ...rest);
    };
    return fetch(at("echo"), new Proxy({ method: "PUT" }, { get: told("get"), has: told("has"), getOwnPropertyDescriptor: told("getOwnPropertyDescriptor") })).then(json);
  },
  "getters, each once and in order": ({ at, note }) => fetch(at("echo"), noting(note, { method: "POST", body: "b" })).then(json),
  "getters, for a Request": ({ at, note }) => fetch(new Request(at("echo")), noting(note, { method: "POST", body: "b" })).then(json),
  "getters, of headers": ({ at, note }) => fetch(at("echo"), { headers: noting(note, { "x-own": "a", "x-more": "b" }, ["x-own", "x-more"]) }).then(json),
  "getters, for a wrong address": ({ note }) => fetch("http://[", noting(note, { method: "POST" })),
  "getters, for another origin": ({ at, foreign, note }) => fetch(at("echo", foreign), noting(note, { method: "POST", body: "b" })).then(json),
  "a getter that throws": ({ at, note }) =>
    fetch(at("unseen"), {
      get headers() {
        note("headers");
        return { "x-own": "a" };
      },
      get method() {
        throw new RangeError("own");
      },
      get mode() {
        note("mode");
        return "cors";
      },
    }),
  "a method by toString, read once": ({ at, note }) => fetch(at("echo"), { method: { toString: () => (note("read"), "PUT") } }).then(json),
  "a method in small letters": async ({ at }) => [
    await fetch(at("echo"), { method: "post" }).then(json),
    await fetch(at("echo"), { method: "own" }).then(json),
  ],
  "a method that is none": ({ at }) => fetch(at("unseen"), { method: "a b" }),
  "a method that is null": ({ at }) => fetch(at("echo"), { method: null }).then(json),
  "a method that is a symbol": ({ at }) => fetch(at("unseen"), { method: Symbol("m") }),
  "a method that is forbidden": ({ at }) => fetch(at("unseen"), { method: "TRACE" }),
  "a mode that is none": ({ at }) => fetch(at("unseen"), { mode: "own" }),
  "a mode that is forbidden": ({ at }) => fetch(at("unseen"), { mode: "navigate" }),
  "a signal that is none": ({ at }) => fetch(at("unseen"), { signal: {} }),
  "a signal that is null": ({ at }) => fetch(at("echo"), { signal: null }).then(json),
  "a cache mode": ({ at }) => fetch(at("echo"), { cache: "reload" }).then(json),
  "only from the cache": ({ at }) => fetch(at("unseen"), { cache: "only-if-cached", mode: "same-origin" }),
  "a referrer": ({ at }) => fetch(at("echo"), { referrer: "/made-up" }).then(json),
  "no referrer": ({ at }) => fetch(at("echo"), { referrer: "" }).then(json),
  "a referrer policy": ({ at }) => fetch(at("echo"), { referrerPolicy: "origin" }).then(json),
  "a priority": ({ at }) => fetch(at("echo"), { priority: "high" }).then(json),
  "integrity that does not hold": ({ at }) => fetch(at("echo"), { integrity: "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" }),
  "keepalive": ({ at }) => fetch(at("echo"), { method: "POST", body: "b", keepalive: true }).then(json),
  "keepalive in a Request": ({ at }) => fetch(new Request(at("echo"), { method: "POST", body: "b", keepalive: true })).then(json),
  "keepalive with too much": ({ at }) => fetch(at("unseen"), { method: "POST", body: "b".repeat(70_000), keepalive: true }),
  "without credentials": ({ at }) => fetch(at("echo"), { credentials: "omit" }).then(json),
  "headers as pairs": ({ at }) => fetch(at("echo"), { headers: [["x-own", "a"], ["x-own", "b"]] }).then(json),
  "headers as an iterator, run through once": ({ at, note }) =>
    fetch(at("echo"), {
      headers: (function* () {
        note("begun");
        yield ["x-own", "a"];
        note("ended");
      })(),
    }).then(json),
  "headers that are null": ({ at }) => fetch(at("unseen"), { headers: null }),
  "headers that are undefined": ({ at }) => fetch(at("echo"), { headers: undefined }).then(json),
  "headers that are a text": ({ at }) => fetch(at("unseen"), { headers: "x-own: a" }),
  "a pair that is none": ({ at }) => fetch(at("unseen"), { headers: [["x-own"]] }),
  "a header name that is none": ({ at }) => fetch(at("unseen"), { headers: { "a b": "c" } }),
  "a header value that is none": ({ at }) => fetch(at("unseen"), { headers: { a: "b\r\nc" } }),
  "a header that is forbidden": ({ at }) => fetch(at("echo"), { headers: { "sec-own": "a", host: "b" } }).then(json),
};
