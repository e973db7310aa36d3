"use client";
/** The button that puts a product into the cart. */
import Link from "next/link";
import { useState } from "react";

export function AddToCart({ productId }: { productId: number }) {
  const [state, setState] = useState<"idle" | "busy" | "added" | "failed">("idle");

  async function add() {
    setState("busy");
    const answer = await fetch("/api/cart/items", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ product_id: productId }),
    });
    setState(answer.ok ? "added" : "failed");
  }

  return (
    <>
      <button onClick={add} disabled={state === "busy"}>
        Add to cart
      </button>
      {state === "added" && (
        <p role="status">
          It’s in <Link href="/cart">your cart</Link>.
        </p>
      )}
      {state === "failed" && <p role="alert">It could not be added.</p>}
    </>
  );
}
