/** The cart: rendered on the server, changed in the browser. */
import { readCart } from "@/lib/api";
import { CartView } from "./cart-view";

export default async function CartPage() {
  return (
    <section>
      <h1>Your cart</h1>
      <CartView initial={await readCart()} />
    </section>
  );
}
