"use client";
/** Three real failures of a browser: an uncaught error, an unhandled rejection, a fetch answered 500. */
import { useState } from "react";

type Glaze = { name: string; recipe?: { grams: number } };

const glazes: Glaze[] = [{ name: "celadon", recipe: { grams: 40 } }, { name: "tenmoku" }];

/** The bug: not every glaze has a recipe. */
function totalGrams(all: Glaze[]): number {
  return all.reduce((sum, glaze) => sum + glaze.recipe!.grams, 0);
}

async function loadKilnPlan(): Promise<never> {
  await Promise.resolve();
  throw new RangeError("the kiln plan has no free day");
}

export function Breakages() {
  const [text, setText] = useState("");

  async function readStock() {
    const answer = await fetch("/api/broken");
    setText(`The stock list answered ${answer.status}.`);
  }

  return (
    <div className="breakages">
      <button onClick={() => setText(`${totalGrams(glazes)} g`)}>Throw</button>
      <button onClick={() => void loadKilnPlan()}>Reject</button>
      <button onClick={readStock}>Fetch a 500</button>
      {text && <p role="status">{text}</p>}
    </div>
  );
}
