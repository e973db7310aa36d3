// Cases with a service worker in between: it sees the same requests, with one more
// header, and the page the worker's answers.

import { text } from "./answer.js";
import { exchange } from "./exchange.js";

let ready;
/** Once this page is the worker's. */
const controlled = () =>
  (ready ??= (async () => {
    const taken = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    await navigator.serviceWorker.register("worker.js");
    if (!navigator.serviceWorker.controller) await taken;
  })());
const worked = (run) =>
  Object.assign(
    async (context) => {
      await controlled();
      return run(context);
    },
    { needs: () => "serviceWorker" in navigator },
  );

export const cases = {
  "told of the request": worked(({ at }) => fetch(at("told")).then(text)),
  "told of all its options": worked(({ at }) =>
    fetch(at("told"), {
      method: "POST",
      body: new URLSearchParams({ a: "1" }),
      headers: { "x-own": "a" },
      cache: "no-cache",
      credentials: "omit",
      redirect: "manual",
      referrer: "/made-up",
      referrerPolicy: "unsafe-url",
      mode: "same-origin",
    }).then(text),
  ),
  "told of a Request": worked(({ at }) =>
    fetch(
      new Request(at("told"), {
        method: "PUT",
        body: "b",
        cache: "reload",
        credentials: "include",
        redirect: "error",
        referrer: "/made-up",
        referrerPolicy: "same-origin",
      }),
    ).then(text),
  ),
  "told of another origin's": worked(({ at, foreign }) => fetch(at("told", foreign)).then(text)),
  "told of another origin's, opaque": worked(({ at, foreign }) => fetch(at("told", foreign), { mode: "no-cors" }).then(text)),
  "told of an XMLHttpRequest": worked(({ at, note }) =>
    exchange(note, (xhr) => {
      xhr.open("POST", at("told"));
      xhr.setRequestHeader("x-own", "a");
      xhr.send("b");
    }),
  ),
  "an answer in pieces": worked(({ at }) => fetch(at("pieces")).then(text)),
  "an error": worked(({ at }) => fetch(at("error"))),
  "an error, of an XMLHttpRequest": worked(({ at, note }) => exchange(note, (xhr) => (xhr.open("GET", at("error")), xhr.send()))),
  "passed on to the server": worked(({ at }) => fetch(at("passed"), { method: "POST", body: "b" }).then(text)),
  "passed over": worked(({ at }) => fetch(at("echo")).then(text)),
};
