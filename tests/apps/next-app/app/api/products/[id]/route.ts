/** Says with which trace it was asked, and whether Sightline did anything to the server. */
export function GET(request: Request) {
  return Response.json({
    traceparent: request.headers.get("traceparent") ?? "none",
    started: Symbol.for("sightline.browser") in globalThis,
  });
}
