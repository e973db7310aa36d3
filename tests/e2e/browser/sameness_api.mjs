// What the table of sameness asks of a server, below `/api/sameness/`: `echo` and
// `unseen` tell what was asked, `status/404` answers so, `typed/text/plain` is of
// that type, `length` counts the body, `stream` comes in pieces, `endless` goes on,
// `broken` breaks off in its body, `reset` before it, `hang` never answers,
// `redirect/302` leads to echo or to what `to` says, `redirect/loop` to itself, and
// `forbidden` allows no other origin.

/** The headers by which another origin allows what is asked. */
export function allow(url, response) {
  const name = url.pathname.split("/")[3];
  if (name === "forbidden") {
    for (const header of ["origin", "headers"]) response.removeHeader(`access-control-allow-${header}`);
    return;
  }
  response.setHeader("access-control-allow-credentials", "true");
  response.setHeader("access-control-allow-methods", "POST, PUT, DELETE");
  // What a page did not ask for itself it may not need.
  if (name === "strict") response.setHeader("access-control-allow-headers", "x-own");
}

export function answer(url, request, response, body) {
  const [name, ...rest] = url.pathname.split("/").slice(3);
  const { method, headers } = request;
  const asked = url.searchParams.get("case");
  const end = (text, type = "application/json") => {
    response.setHeader("content-type", type);
    // Whatever a cache makes of it, the server is asked each time.
    response.setHeader("cache-control", "no-store");
    response.end(text);
  };
  switch (name) {
    case "hang":
      return;
    case "reset":
      return request.socket.destroy();
    case "broken":
      response.setHeader("content-length", "1000");
      response.write("so far");
      return setTimeout(() => request.socket.destroy(), 20);
    case "stream":
      response.write("one ");
      return setTimeout(() => response.end("two"), 20);
    case "endless": {
      const more = setInterval(() => response.write("more ".repeat(500)), 5);
      return response.on("close", () => clearInterval(more));
    }
    case "status":
      response.statusCode = Number(rest[0]);
      return end(rest[0], "text/plain");
    case "redirect": {
      const [status] = rest;
      const same = `case=${encodeURIComponent(asked)}`;
      response.statusCode = Number(status) || 302;
      response.setHeader("location", url.searchParams.get("to") ?? (status === "loop" ? url.href : `/api/sameness/echo?${same}`));
      return end("moved", "text/plain");
    }
    case "typed":
      return end("<p>caf\u00e9</p>", rest.join("/"));
    case "length":
      return end(String(body.length), "text/plain");
    default:
      return end(JSON.stringify({ method, own: headers["x-own"] ?? null, search: url.search, body: text(body, headers) }));
  }
}

/** A body as text, the same for every boundary. */
export function text(body, headers) {
  const [, boundary] = /boundary=(\S+)/.exec(headers["content-type"] ?? "") ?? [];
  return boundary ? body.toString().replaceAll(boundary, "BOUNDARY") : body.toString();
}
