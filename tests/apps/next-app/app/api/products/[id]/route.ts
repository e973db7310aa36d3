export function GET(request: Request) {
  return Response.json({ traceparent: request.headers.get("traceparent") ?? "none" });
}
