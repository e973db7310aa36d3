"use client";
/** An error boundary of the page's own. */
import { ErrorBoundary } from "@sightline/browser/react";
import { useState } from "react";

function Lid({ tight }: { tight: boolean }) {
  if (tight) throw new RangeError("the lid does not come off");
  return <p>The lid is off.</p>;
}

export function Guard() {
  const [tight, setTight] = useState(false);
  return (
    <ErrorBoundary
      fallback={({ error, reset }) => (
        <p role="alert">
          {String(error)} <button onClick={() => (setTight(false), reset())}>Again</button>
        </p>
      )}
    >
      <button onClick={() => setTight(true)}>Tighten</button>
      <Lid tight={tight} />
    </ErrorBoundary>
  );
}
