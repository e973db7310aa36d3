"use client";
/** The list of what is in the cart, with buttons to add one more or to remove. */
import Link from "next/link";
import { useState } from "react";
import type { Cart } from "@/lib/api";
import { price } from "@/lib/price";

export function CartView({ initial }: { initial: Cart }) {
  const [cart, setCart] = useState(initial);
  const [failed, setFailed] = useState(false);

  async function change(url: string, init: RequestInit) {
    const answer = await fetch(url, init);
    setFailed(!answer.ok);
    if (answer.ok) setCart(await answer.json());
  }
  const add = (productId: number) =>
    change("/api/cart/items", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ product_id: productId }),
    });
  const remove = (productId: number) => change(`/api/cart/items/${productId}`, { method: "DELETE" });

  if (cart.items.length === 0) return <p>Nothing in it yet.</p>;
  return (
    <>
      <ul className="cart">
        {cart.items.map((item) => (
          <li key={item.product_id}>
            <img src={`/images/${item.product_id}.jpg`} alt="" width={96} height={96} />
            <span>
              {item.quantity} × {item.name}
            </span>
            <span>{price(item.price_cents * item.quantity)}</span>
            <button onClick={() => add(item.product_id)} aria-label={`One more ${item.name}`}>
              +
            </button>
            <button onClick={() => remove(item.product_id)} aria-label={`Remove ${item.name}`}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      {failed && <p role="alert">That could not be changed.</p>}
      <p className="price">{price(cart.total_cents)}</p>
      <Link href="/checkout" prefetch={false} className="button">
        Check out
      </Link>
    </>
  );
}
