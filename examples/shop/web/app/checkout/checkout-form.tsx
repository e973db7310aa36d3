"use client";
/** Pays by one of two test cards. Says what happened by the status of the answer. */
import { type FormEvent, useState } from "react";
import { price } from "@/lib/price";

type Outcome = { good: boolean; text: string };

function refusal(status: number, detail: string): string {
  if (status === 402) return "Your card was declined.";
  if (status === 409 && detail === "out_of_stock") return "Somebody was faster: it is out of stock.";
  if (status === 409 && detail === "empty_cart") return "Your cart is empty.";
  if (status === 409 && detail === "unknown_coupon") return "We don’t know that coupon.";
  return `We could not take your order (${status}).`;
}

export function CheckoutForm() {
  const [outcome, setOutcome] = useState<Outcome>();
  const [busy, setBusy] = useState(false);

  async function pay(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    setOutcome(undefined);
    const form = new FormData(event.currentTarget);
    const answer = await fetch("/api/checkout", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ card_number: form.get("card"), coupon: form.get("coupon") || null }),
    });
    const said = await answer.json().catch(() => ({}));
    setOutcome(
      answer.ok
        ? { good: true, text: `Order ${said.order_id} is placed: ${price(said.total_cents)}. Thank you!` }
        : { good: false, text: refusal(answer.status, said.detail) },
    );
    setBusy(false);
  }

  return (
    <form onSubmit={pay}>
      <label>
        Card
        <select name="card">
          <option value="4242424242424242">Test card that pays</option>
          <option value="4000000000000002">Test card that is declined</option>
        </select>
      </label>
      <label>
        Coupon
        <input name="coupon" placeholder="WELCOME, or BOOM for a 500" autoComplete="off" />
      </label>
      <button disabled={busy}>Pay</button>
      {outcome && <p role={outcome.good ? "status" : "alert"}>{outcome.text}</p>}
    </form>
  );
}
