"use client";
/** Around every page: what fails in here is for `global-error.tsx`. */
import { useState } from "react";

export function Frame() {
  const [broken, setBroken] = useState(false);
  if (broken) throw new TypeError("the frame is broken");
  return <button onClick={() => setBroken(true)}>Break the frame</button>;
}
