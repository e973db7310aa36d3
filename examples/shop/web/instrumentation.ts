/** Server side: Next.js calls `register` once before the first request. */
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { traceServer } = await import("./lib/tracing");
    traceServer();
  }
}
