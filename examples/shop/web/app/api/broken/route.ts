/** Fails inside Next.js itself, before any call of the API. */
export async function GET(): Promise<Response> {
  throw new Error("the stock list is upside down");
}
