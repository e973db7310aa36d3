// The service worker of the table: tells what it sees of a request, answers by
// itself, or passes the request on.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

const path = (address) => {
  try {
    return new URL(address).pathname;
  } catch {
    return address;
  }
};

async function told(request) {
  const { method, mode, credentials, cache, redirect, referrerPolicy, integrity, keepalive, destination, bodyUsed } = request;
  const headers = [...request.headers].filter(([name]) => name !== "traceparent");
  const seen = { method, mode, credentials, cache, redirect, referrerPolicy, integrity, keepalive, destination, bodyUsed };
  return Response.json({ ...seen, referrer: path(request.referrer), headers, body: await request.text() });
}

function pieces() {
  const parts = ["one ", "two ", "three"];
  const body = new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part) controller.enqueue(new TextEncoder().encode(part));
      else controller.close();
    },
  });
  return new Response(body, { status: 201, headers: { "x-worker": "1" } });
}

addEventListener("fetch", (event) => {
  const [, api, group, name] = path(event.request.url).split("/");
  if (api !== "api" || group !== "sameness") return;
  if (name === "told") event.respondWith(told(event.request));
  if (name === "pieces") event.respondWith(pieces());
  if (name === "error") event.respondWith(Response.error());
  if (name === "passed") event.respondWith(fetch(event.request));
});
