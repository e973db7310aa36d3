"use client";
/** Fails while it renders, on a click. */
import { useState } from "react";

type Offer = { name: string; price?: { cents: number } };

/** The bug: not every offer has a price. */
function totalCents(offers: Offer[]): number {
  let cents = 0;
  for (const offer of offers) cents += offer.price!.cents;
  return cents;
}

export function Price() {
  const [offers, setOffers] = useState<Offer[]>([{ name: "bowl", price: { cents: 1200 } }]);
  return (
    <button onClick={() => setOffers([...offers, { name: "lamp" }])}>
      {totalCents(offers)} cents, {totalCents(offers.slice(-1))} for the last
    </button>
  );
}
