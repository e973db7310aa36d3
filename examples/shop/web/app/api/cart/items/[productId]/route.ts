/** Takes a product out of the visitor's cart. */
import { cookies } from "next/headers";
import { CART_COOKIE, forwardApi } from "@/lib/api";

export async function DELETE(_request: Request, { params }: { params: Promise<{ productId: string }> }) {
  const { productId } = await params;
  const cartId = (await cookies()).get(CART_COOKIE)?.value ?? "";
  return forwardApi(`/carts/${encodeURIComponent(cartId)}/items/${encodeURIComponent(productId)}`, "DELETE");
}
