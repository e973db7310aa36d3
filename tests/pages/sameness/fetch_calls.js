// Cases of how `fetch` is called: what is given as the resource, as `this`, as the
// body; and what the function is.

import { json, text } from "./answer.js";

/** One piece of text that comes when it is asked for. */
const stream = (note) =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("streamed"));
      controller.close();
    },
    cancel: (reason) => note("cancelled", reason?.name),
  });
const STREAMS = () => "duplex" in Request.prototype;
const post = (body, more) => ({ method: "POST", body, ...more });

export const cases = {
  "a relative URL": ({ at }) => fetch(at("echo")).then(text),
  "a URL object": ({ at }) => fetch(new URL(at("echo"), location.href)).then(text),
  "an object that is a text, read once": async ({ at, note }) => {
    const address = { toString: () => (note("read"), at("echo")) };
    return fetch(address).then(text);
  },
  "a Request": ({ at }) => fetch(new Request(at("echo"), { headers: { "x-own": "a" } })).then(json),
  "a Request, another method": ({ at }) =>
    fetch(new Request(at("echo"), { headers: { "x-own": "a" } }), { method: "DELETE" }).then(json),
  "a Request, other headers": ({ at }) =>
    fetch(new Request(at("echo"), { headers: { "x-own": "a" } }), { headers: { "x-own": "b" } }).then(json),
  "a Request, another body": async ({ at }) => {
    const request = new Request(at("echo"), post("first"));
    return [await fetch(request, { body: "second" }).then(json), request.bodyUsed];
  },
  "a Request with a body, used up": async ({ at, told }) => {
    const request = new Request(at("echo"), post("once"));
    const promise = fetch(request);
    const used = request.bodyUsed;
    return [used, await promise.then(json), await fetch(request).catch(told)];
  },
  "a Request whose body was read": async ({ at }) => {
    const request = new Request(at("echo"), post("once"));
    await request.text();
    return fetch(request);
  },
  "a Request is left as it was": async ({ at }) => {
    const request = new Request(at("echo"), { headers: { "x-own": "a" }, cache: "no-store" });
    await fetch(request);
    return [[...request.headers], request.cache, request.bodyUsed, Object.keys(request)];
  },
  "a Request, twice": async ({ at }) => {
    const request = new Request(at("echo"));
    return [await fetch(request).then(json), await fetch(request).then(json)];
  },
  "a Request of a class of its own": ({ at }) => fetch(new (class extends Request {})(at("echo"), post("own"))).then(json),
  "a Request's referrer": ({ at }) => fetch(new Request(at("echo"), { referrer: "/made-up" })).then(json),
  "a Request's referrer, and a signal": ({ at }) =>
    fetch(new Request(at("echo"), { referrer: "/made-up" }), { signal: new AbortController().signal }).then(json),
  "a Request's referrer, and options without a value": ({ at }) =>
    fetch(new Request(at("echo"), { referrer: "/made-up" }), { method: undefined, headers: undefined, unknown: 1 }).then(json),
  "a Request's referrer policy": ({ at }) => fetch(new Request(at("echo"), { referrerPolicy: "no-referrer" })).then(json),
  "a Request of a frame": async ({ at }) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const answer = await fetch(new frame.contentWindow.Request(new URL(at("echo"), location.href), post("framed"))).then(json);
    frame.remove();
    return answer;
  },
  "a Request with the page's own traceparent": ({ at }) =>
    fetch(new Request(at("echo?own"), { headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } })).then(json),
  "the page's own traceparent": ({ at }) =>
    fetch(at("echo?own"), { headers: { TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } }).then(json),
  "a text body": ({ at }) => fetch(at("echo"), post("body")).then(json),
  "a form body": ({ at }) => fetch(at("echo"), post(new URLSearchParams({ a: "1 2" }))).then(json),
  "a multipart body": ({ at }) => {
    const form = new FormData();
    form.append("a", "1");
    form.append("file", new Blob(["content"], { type: "text/plain" }), "name.txt");
    return fetch(at("echo"), post(form)).then(json);
  },
  "a blob body": ({ at }) => fetch(at("echo"), post(new Blob(["blob"], { type: "text/x-own" }))).then(json),
  "a binary body": ({ at }) => fetch(at("echo"), post(new Uint8Array([65, 66]))).then(json),
  "a body and a type of its own": ({ at }) => fetch(at("echo"), post("{}", { headers: { "content-type": "application/json" } })).then(json),
  "a body that is a text by toString": ({ at, note }) => fetch(at("echo"), post({ toString: () => (note("read"), "object") })).then(json),
  "an empty body": ({ at }) => fetch(at("echo"), post("")).then(json),
  // Over HTTP/1.1 the browser refuses it.
  "a streamed body": Object.assign(
    async ({ at, note, told }) => {
      const body = stream(note);
      const promise = fetch(at("unseen"), post(body, { duplex: "half" })).then(json, told);
      return [body.locked, await promise];
    },
    { needs: STREAMS },
  ),
  "a streamed body in a Request": Object.assign(
    async ({ at, note, told }) => {
      const request = new Request(at("unseen"), post(stream(note), { duplex: "half" }));
      const promise = fetch(request).then(json, told);
      return [request.bodyUsed, await promise];
    },
    { needs: STREAMS },
  ),
  "a streamed body without duplex": Object.assign(({ at, note }) => fetch(at("echo"), post(stream(note))), { needs: STREAMS }),
  "a streamed body that is locked": Object.assign(
    ({ at, note }) => {
      const body = stream(note);
      body.getReader();
      return fetch(at("echo"), post(body, { duplex: "half" }));
    },
    { needs: STREAMS },
  ),
  "a GET with a body": ({ at }) => fetch(at("echo"), { body: "b" }),
  "no argument": () => fetch(),
  "no address": () => fetch(undefined),
  "no valid URL": () => fetch("http://["),
  "a URL with a password": () => fetch("http://ada:pw@127.0.0.1/"),
  "a scheme of its own": () => fetch("nothing:at-all"),
  "a symbol": () => fetch(Symbol("address")),
  "an address that throws": () =>
    fetch({
      toString() {
        throw new RangeError("own");
      },
    }),
  "a data URL": () => fetch("data:text/plain,hello").then(async (r) => [r.status, r.url, r.type, await r.text()]),
  "a blob URL": () => fetch(URL.createObjectURL(new Blob(["b"]))).then(async (r) => [r.status, r.type, await r.text()]),
  "another receiver": ({ at }) => fetch.call({}, at("unseen")),
  "no receiver": ({ at }) => (0, fetch)(at("echo")).then(text),
  "null as receiver": ({ at }) => fetch.call(null, at("echo")).then(text),
  "the window as receiver": ({ at }) => window.fetch.call(window, at("echo")).then(text),
  "called anew": () => new fetch("/"),
  "what it gives is a promise as any": async ({ at }) => {
    const promise = fetch(at("echo"));
    const same = [promise instanceof Promise, promise.constructor === Promise, Reflect.ownKeys(promise)];
    await promise;
    return same;
  },
  "the function itself": () => {
    const { value, ...descriptor } = Object.getOwnPropertyDescriptor(window, "fetch");
    return [
      descriptor,
      value.name,
      value.length,
      Reflect.ownKeys(value).sort(),
      Object.getPrototypeOf(value) === Function.prototype,
      Object.keys(window).filter((name) => name === "fetch"),
      // Some browsers name it, some part it into lines.
      String(value).replace(/^function\s*\w*/, "").replace(/\s+/g, ""),
    ];
  },
};
