/** Pays the visitor's cart: 200, 402 (declined), 409 (out of stock, empty, unknown coupon), or the API's 500. */
import { cookies } from "next/headers";
import { CART_COOKIE, forwardApi } from "@/lib/api";

export async function POST(request: Request): Promise<Response> {
  const cartId = (await cookies()).get(CART_COOKIE)?.value;
  if (!cartId) return Response.json({ detail: "empty_cart" }, { status: 409 });
  return forwardApi("/checkout", "POST", { ...(await request.json()), cart_id: cartId });
}
