/** Checkout: the sum, and the form that pays it. */
import { readCart } from "@/lib/api";
import { price } from "@/lib/price";
import { CheckoutForm } from "./checkout-form";

export default async function CheckoutPage() {
  const cart = await readCart();
  return (
    <section>
      <h1>Check out</h1>
      <p className="price">{price(cart.total_cents)}</p>
      <CheckoutForm />
    </section>
  );
}
