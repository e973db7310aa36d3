"use client";
/** Asks the API, which says with which trace it was asked. */
import { useState } from "react";

export function Stock({ id }: { id: string }) {
  const [heard, setHeard] = useState("");
  async function ask() {
    const answer = await fetch(`/api/products/${id}`);
    setHeard((await answer.json()).traceparent);
  }
  return (
    <>
      <button onClick={ask}>Stock</button>
      {heard && <p role="status">{heard}</p>}
    </>
  );
}
