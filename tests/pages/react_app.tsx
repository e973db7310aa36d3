// Roots of React with the package's handlers, each failing in a way of its own on
// a click. The scenario bundles it.

import {
  ErrorBoundary,
  onCaughtError,
  onRecoverableError,
  onUncaughtError,
  useSightline,
} from "@sightline/browser/react";
import { useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";

const handlers = { onCaughtError, onUncaughtError, onRecoverableError };

function Fails({ name, error }: { name: string; error: unknown }) {
  const [failed, setFailed] = useState(false);
  const sightline = useSightline();
  if (failed) throw error;
  return (
    <>
      <button onClick={() => setFailed(true)}>{name}</button>
      <button onClick={() => sightline.captureException(new EvalError("by the hook"))}>hook of {name}</button>
    </>
  );
}

/** An error whose stack says where it was made. */
const mount = (id: string, error: unknown) => {
  const failing = <Fails name={id} error={error} />;
  const root = createRoot(document.getElementById(id)!, handlers);
  root.render(id === "guarded" ? <ErrorBoundary fallback={<i>fallback</i>}>{failing}</ErrorBoundary> : failing);
};
mount("guarded", new RangeError("for the boundary"));
mount("bare", new SyntaxError("for nobody"));
mount("text", "a text");
hydrateRoot(document.getElementById("hydrated")!, <p>as the page has it</p>, handlers);
