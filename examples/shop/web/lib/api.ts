/** The shop's API as the server sees it: where it is, what it answers. Server only. */
import { cookies, headers } from "next/headers";

export type Product = { id: number; name: string; about: string; price_cents: number; stock: number };
export type CartItem = { product_id: number; name: string; price_cents: number; quantity: number };
export type Cart = { items: CartItem[]; total_cents: number };

export const CART_COOKIE = "cart_id";

/**
 * Calls the API at SHOP_API_URL. `traceparent` is added by the OpenTelemetry instrumentation of
 * `fetch`; the request id of the visitor's request is handed on here, so that one id finds the lines
 * of every service.
 */
export async function callApi(path: string, method = "GET", body?: unknown): Promise<Response> {
  const outgoing = new Headers();
  const requestId = (await headers()).get("x-request-id");
  if (requestId) outgoing.set("x-request-id", requestId);
  if (body !== undefined) outgoing.set("content-type", "application/json");
  const base = process.env.SHOP_API_URL ?? "http://127.0.0.1:8000";
  return fetch(new URL(path, base), {
    method,
    headers: outgoing,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

/** Reads JSON for a page; any answer but 200 becomes the error page. */
export async function readApi<T>(path: string): Promise<T> {
  const answer = await callApi(path);
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return answer.json() as Promise<T>;
}

/** Hands the API's answer on to the page's `fetch`, its status included; 502 when there is none. */
export async function forwardApi(path: string, method: string, body?: unknown): Promise<Response> {
  try {
    const answer = await callApi(path, method, body);
    return new Response(await answer.text(), {
      status: answer.status,
      headers: { "content-type": answer.headers.get("content-type") ?? "text/plain" },
    });
  } catch {
    return Response.json({ detail: "unreachable" }, { status: 502 });
  }
}

export async function readCart(): Promise<Cart> {
  const id = (await cookies()).get(CART_COOKIE)?.value;
  return id ? readApi<Cart>(`/carts/${encodeURIComponent(id)}`) : { items: [], total_cents: 0 };
}
