"use client";
/** Fails while it renders, on a click. */
import { useState } from "react";

type Offer = { name: string; price?: { cents: number } };

/** The bug: not every offer has a price. */
function centsOf(offer: Offer): number {
  return offer.price!.cents;
}

export function Price() {
  const [offer, setOffer] = useState<Offer>({ name: "bowl", price: { cents: 1200 } });
  return <button onClick={() => setOffer({ name: "lamp" })}>{centsOf(offer)} cents</button>;
}
