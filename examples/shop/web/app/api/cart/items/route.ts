/** Puts a product into the visitor's cart; the first time, makes the cart. */
import { randomUUID } from "node:crypto";
import { cookies } from "next/headers";
import { CART_COOKIE, forwardApi } from "@/lib/api";

export async function POST(request: Request): Promise<Response> {
  const jar = await cookies();
  const cartId = jar.get(CART_COOKIE)?.value ?? randomUUID();
  jar.set(CART_COOKIE, cartId, { httpOnly: true, sameSite: "lax", path: "/" });
  return forwardApi(`/carts/${encodeURIComponent(cartId)}/items`, "POST", await request.json());
}
