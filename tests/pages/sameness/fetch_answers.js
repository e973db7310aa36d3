// Cases of what becomes of a `fetch`: streams, aborts, redirects, opaque answers,
// errors, and rejections that nobody handles.

import { text } from "./answer.js";

/** The classes and messages of a rejection, and that it is this very value. */
const rejection = (promise, value) => promise.then(() => "none", (error) => [error?.name ?? error, error === value]);
const read = async (body) => {
  const reader = body.getReader();
  let all = "";
  for (let piece; !(piece = await reader.read()).done; ) all += new TextDecoder().decode(piece.value, { stream: true });
  return all;
};

export const cases = {
  "read in pieces": async ({ at }) => {
    const { body } = await fetch(at("stream"));
    return read(body);
  },
  "read in another form each": async ({ at }) => {
    const of = async (form) => (await fetch(at("echo")))[form]();
    const bytes = await of("arrayBuffer");
    const blob = await of("blob");
    return [bytes.byteLength > 0, blob.size === bytes.byteLength, blob.type, (await of("json")).method];
  },
  "read twice": async ({ at }) => {
    const response = await fetch(at("echo"));
    await response.text();
    return response.text();
  },
  "given up": async ({ at }) => {
    const response = await fetch(at("stream"));
    await response.body.cancel();
    return response.bodyUsed;
  },
  "parted by the page": async ({ at }) => {
    const [one, two] = (await fetch(at("stream"))).body.tee();
    return Promise.all([read(one), read(two)]);
  },
  "not read": async ({ at }) => (await fetch(at("echo"))).bodyUsed,
  "no JSON": async ({ at }) => (await fetch(at("typed/text/plain"))).json(),
  "a body that breaks off": async ({ at }) => {
    const response = await fetch(at("broken"));
    return [response.status, await rejection(response.text())];
  },
  "a status that fails": ({ at }) => fetch(at("status/503")).then(text),
  "no content": ({ at }) => fetch(at("status/204")).then(text),
  "a HEAD": ({ at }) => fetch(at("echo"), { method: "HEAD" }).then(text),
  "a redirect": ({ at }) => fetch(at("redirect/302")).then(text),
  "a redirect of a POST": ({ at }) => fetch(at("redirect/303"), { method: "POST", body: "b" }).then(text),
  "a redirect that keeps the POST": ({ at }) => fetch(at("redirect/307"), { method: "POST", body: "b" }).then(text),
  "a redirect, by hand": ({ at }) => fetch(at("redirect/302"), { redirect: "manual" }).then(text),
  "a redirect, refused": ({ at }) => fetch(at("redirect/302"), { redirect: "error" }),
  "a redirect to itself": ({ at }) => fetch(at("redirect/loop")),
  "a redirect to another origin": ({ at, foreign }) =>
    fetch(at(`redirect/302?to=${encodeURIComponent(at("echo", foreign))}`)).then(text),
  "a redirect to where nothing is allowed": ({ at, foreign }) =>
    fetch(at(`redirect/302?to=${encodeURIComponent(at("strict", foreign))}`)).then(text),
  "another origin": ({ at, foreign }) => fetch(at("echo", foreign)).then(text),
  "another origin that forbids": ({ at, foreign }) => fetch(at("forbidden", foreign)),
  "another origin, opaque": ({ at, foreign }) => fetch(at("forbidden", foreign), { mode: "no-cors" }).then(text),
  "another origin, opaque, a header": ({ at, foreign }) =>
    fetch(at("forbidden", foreign), { mode: "no-cors", headers: { "x-own": "a", accept: "text/own" } }).then(text),
  "another origin, opaque, a POST": ({ at, foreign }) =>
    fetch(at("forbidden", foreign), { mode: "no-cors", method: "POST", body: "b" }).then(text),
  "another origin, same one wanted": ({ at, foreign }) => fetch(at("unseen", foreign), { mode: "same-origin" }),
  "another origin, with credentials": ({ at, foreign }) => fetch(at("echo", foreign), { credentials: "include" }).then(text),
  "nobody there": () => fetch("http://127.0.0.1:1/"),
  "an answer that never comes": ({ at }) => fetch(at("reset")),
  "aborted before": ({ at }) => fetch(at("unseen"), { signal: AbortSignal.abort() }),
  "aborted before, with a value": ({ at }) => {
    const value = { own: "reason" };
    return rejection(fetch(at("unseen"), { signal: AbortSignal.abort(value) }), value);
  },
  "aborted before, a Request": ({ at }) => {
    const value = new RangeError("own");
    return rejection(fetch(new Request(at("unseen"), { signal: AbortSignal.abort(value) })), value);
  },
  "aborted at once": ({ at, note, told }) => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => note("signal"));
    const promise = fetch(at("unseen"), { signal: controller.signal });
    controller.abort();
    note("called");
    return promise.catch(told);
  },
  "aborted before the answer": async ({ at }) => {
    const controller = new AbortController();
    const value = new RangeError("own");
    setTimeout(() => controller.abort(value), 50);
    return rejection(fetch(at("hang"), { signal: controller.signal }), value);
  },
  "aborted before the answer, a Request": async ({ at }) => {
    const controller = new AbortController();
    // Held until then: WebKit can collect a Request, and the signal between, before.
    const request = new Request(at("hang"), { signal: controller.signal });
    setTimeout(() => (controller.abort(), request), 50);
    return fetch(request);
  },
  "aborted by the second of two signals": async ({ at }) => {
    const [first, second] = [new AbortController(), new AbortController()];
    const request = new Request(at("hang"), { signal: first.signal });
    setTimeout(() => (first.abort("first"), second.abort("second"), request), 50);
    return fetch(request, { signal: second.signal });
  },
  "aborted while the body comes": async ({ at }) => {
    const controller = new AbortController();
    const value = new RangeError("own");
    const response = await fetch(at("endless"), { signal: controller.signal });
    const reader = response.body.getReader();
    await reader.read();
    controller.abort(value);
    const reading = (async () => { while (!(await reader.read()).done); })();
    return [response.bodyUsed, await rejection(reading, value)];
  },
  "aborted when all is there": async ({ at }) => {
    const controller = new AbortController();
    const response = await fetch(at("echo"), { signal: controller.signal });
    const body = await response.text();
    controller.abort();
    return [body.length > 0, response.bodyUsed];
  },
  "timed out": ({ at }) => fetch(at("hang"), { signal: AbortSignal.timeout(50) }),
  "a rejection nobody handles": async ({ at, note, until }) => {
    let event;
    addEventListener("unhandledrejection", (one) => (event = one), { once: true });
    const promise = fetch(at("reset"));
    await until(() => event);
    note(event.promise === promise);
  },
  "a rejection somebody handles": async ({ at, told }) => {
    const promise = fetch(at("reset"));
    return [await promise.catch(told), (await promise.catch((error) => error)) === (await promise.catch((error) => error))];
  },
  "many at once, each its own": ({ at }) =>
    Promise.all(Array.from({ length: 8 }, async (_, n) => (await fetch(at(`echo?n=${n}`)).then((r) => r.json())).search)),
};
