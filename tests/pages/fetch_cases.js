// What a page can do with fetch, each case told as plain data, so that the
// same case can be run with and without the SDK and compared. `foreign` is
// another origin that allows CORS.

const text = async (response) => ({
  status: response.status,
  type: response.type,
  redirected: response.redirected,
  path: response.url && new URL(response.url).pathname,
  answer: response.headers.get("x-answer"),
  bodyUsed: response.bodyUsed,
  isResponse: response instanceof Response,
  text: await response.text(),
});
const json = async (response) => ({ status: response.status, ...(await response.json()) });
const stream = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("streamed"));
      controller.close();
    },
  });
class Options {
  #method = "PUT";
  get method() {
    return this.#method;
  }
}

export const cases = {
  "a relative URL": () => fetch("/api/echo").then(text),
  "a URL object": () => fetch(new URL("/api/echo", location.href)).then(text),
  "a Request": () => fetch(new Request("/api/echo", { headers: { "x-own": "a" } })).then(json),
  "a Request, overridden": () =>
    fetch(new Request("/api/echo", { headers: { "x-own": "a" } }), { method: "DELETE" }).then(json),
  "a Request, other headers": () =>
    fetch(new Request("/api/echo", { headers: { "x-own": "a" } }), { headers: { "x-own": "b" } }).then(json),
  "a Request with a body is used up": async () => {
    const request = new Request("/api/echo", { method: "POST", body: "once" });
    const answer = await fetch(request).then(json);
    return { ...answer, used: request.bodyUsed, again: await fetch(request).then(json) };
  },
  "a Request keeps its headers": async () => {
    const request = new Request("/api/echo");
    await fetch(request);
    return [...request.headers];
  },
  "a Request's referrer policy": async () => {
    await fetch(new Request("/api/echo?case=referrer", { referrerPolicy: "no-referrer" }));
  },
  "a Request's referrer": async () => {
    await fetch(new Request("/api/echo?case=referrer", { referrer: "/made-up" }));
  },
  "headers as an object": () => fetch("/api/echo", { headers: { "x-own": "a" } }).then(json),
  "headers as pairs": () => fetch("/api/echo", { headers: [["x-own", "a"], ["x-own", "b"]] }).then(json),
  "headers as Headers, left alone": async () => {
    const headers = new Headers({ "x-own": "a" });
    const answer = await fetch("/api/echo", { headers }).then(json);
    return { ...answer, headers: [...headers] };
  },
  "headers as an iterator": () =>
    fetch("/api/echo", { headers: new Map([["x-own", "a"]]).entries() }).then(json),
  "options left alone": async () => {
    const options = { method: "POST", body: "b" };
    await fetch("/api/echo", options);
    return options;
  },
  "frozen options": () => fetch("/api/echo", Object.freeze({ method: "POST", body: "b" })).then(json),
  "options without a prototype": () =>
    fetch("/api/echo", Object.assign(Object.create(null), { method: "PUT" })).then(json),
  "options of a class of its own": () => fetch("/api/echo", new Options()).then(json),
  "a Request as options": () =>
    fetch("/api/echo", new Request("/elsewhere", { method: "POST", body: "b", duplex: "half" })).then(json),
  "a text body": () => fetch("/api/echo", { method: "POST", body: "body" }).then(json),
  "a form body": () => fetch("/api/echo", { method: "POST", body: new URLSearchParams({ a: "1" }) }).then(json),
  "a blob body": () => fetch("/api/echo", { method: "POST", body: new Blob(["blob"]) }).then(json),
  "a binary body": () => fetch("/api/echo", { method: "POST", body: new Uint8Array([65, 66]) }).then(json),
  "a streamed body": () => fetch("/api/echo", { method: "POST", body: stream(), duplex: "half" }).then(json),
  "a streamed answer, read in pieces": async () => {
    const reader = (await fetch("/api/stream")).body.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    let rest = "";
    for (let piece; !(piece = await reader.read()).done; ) rest += new TextDecoder().decode(piece.value);
    return { first, rest };
  },
  "a streamed answer, given up": async () => {
    const response = await fetch("/api/stream");
    await response.body.cancel();
    return response.bodyUsed;
  },
  "a clone": async () => {
    const response = await fetch("/api/echo");
    const clone = response.clone();
    return [await response.text(), await clone.text()];
  },
  "a status that fails": () => fetch("/api/status/503").then(text),
  "no content": () => fetch("/api/status/204").then(text),
  "a redirect": () => fetch("/api/redirect").then(text),
  "a redirect, by hand": () => fetch("/api/redirect", { redirect: "manual" }).then(text),
  "a redirect, refused": () => fetch("/api/redirect", { redirect: "error" }),
  "another origin": ({ foreign }) => fetch(`${foreign}/api/echo`).then(text),
  "another origin, opaque": ({ foreign }) => fetch(`${foreign}/api/echo`, { mode: "no-cors" }).then(text),
  "another origin, forbidden": ({ foreign }) => fetch(`${foreign}/api/echo`, { mode: "same-origin" }),
  "an answer that never comes": () => fetch("/api/reset"),
  "aborted before": () => fetch("/api/echo", { signal: AbortSignal.abort() }),
  "aborted with a reason": () => fetch("/api/echo", { signal: AbortSignal.abort({ own: "reason" }) }),
  "aborted meanwhile": () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    return fetch("/api/hang", { signal: controller.signal });
  },
  "aborted by a Request's signal": () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), 200);
    return fetch(new Request("/api/hang", { signal: controller.signal }));
  },
  "timed out": () => fetch("/api/hang", { signal: AbortSignal.timeout(200) }),
  "no argument": () => fetch(),
  "no valid URL": () => fetch("http://"),
  "a URL with a password": () => fetch("http://ada:pw@127.0.0.1/"),
  "a scheme of its own": () => fetch("nothing:at-all"),
  "a data URL": () => fetch("data:text/plain,hello").then(async (r) => [r.status, await r.text()]),
  "a blob URL": () => fetch(URL.createObjectURL(new Blob(["b"]))).then(async (r) => [r.status, await r.text()]),
  "an object that is a text": () => fetch({ toString: () => "/api/echo" }).then(text),
  "a method that is none": () => fetch("/api/echo", { method: "a b" }),
  "a GET with a body": () => fetch("/api/echo", { body: "b" }),
  "a header that is none": () => fetch("/api/echo", { headers: { "a b": "c" } }),
  "a header value that is none": () => fetch("/api/echo", { headers: { a: "b\r\nc" } }),
  "options that throw": () =>
    fetch("/api/echo", {
      get method() {
        throw new RangeError("own");
      },
    }),
  "options that are none": () => fetch("/api/echo", 42),
  "keepalive": () => fetch("/api/echo", { method: "POST", body: "b", keepalive: true }).then(json),
  "another receiver": () => fetch.call({}, "/api/echo"),
  "no receiver": () => (0, fetch)("/api/echo").then(text),
  "a promise as any": async () => {
    const promise = fetch("/api/echo");
    await promise;
    return [promise instanceof Promise, promise.constructor === Promise];
  },
  "the function itself": () => [
    fetch.name,
    fetch.length,
    typeof fetch,
    Object.getOwnPropertyDescriptor(window, "fetch").enumerable,
  ],
  "a rejection nobody handles": async () => {
    const seen = [];
    const note = (event) => {
      seen.push(String(event.reason));
      event.preventDefault();
    };
    addEventListener("unhandledrejection", note);
    fetch("/api/reset");
    while (!seen.length) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    removeEventListener("unhandledrejection", note);
    return seen;
  },
  "a rejection somebody handles": async () => {
    const seen = [];
    const note = (event) => seen.push(String(event.reason));
    addEventListener("unhandledrejection", note);
    await fetch("/api/reset").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    removeEventListener("unhandledrejection", note);
    return seen;
  },
};

/** Runs a case: what it gave, or what it failed with. */
export async function run(name, context) {
  try {
    return { gave: (await cases[name](context)) ?? null };
  } catch (error) {
    return error instanceof Error
      ? { threw: [error.constructor.name, error.name, error.message] }
      : { threw: error };
  }
}
