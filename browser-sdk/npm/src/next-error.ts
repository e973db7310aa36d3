// For `error.tsx` and `global-error.tsx`: Next.js catches the error and hands it
// to them, and nobody else on the page hears of it.

import { type ReactElement, createElement, useEffect } from "react";
import { current } from "./handle.js";

/** What Next.js gives to `error.tsx` and `global-error.tsx`. */
export interface ErrorPageProps {
  /** The error; one of the server has a digest, by which its log names it. */
  error: Error & { digest?: string };
  /** Renders the segment again. */
  reset: () => void;
}

/** Tells the error that an error page of your own is given, once. */
export function useErrorReport(error: ErrorPageProps["error"]): void {
  useEffect(() => {
    current()?.captureException(error, { "sightline.next.digest": error?.digest });
  }, [error]);
}

/** An error page: `export { ErrorPage as default } from
 * "@sightline/browser/next/error"` in `error.tsx`. */
export function ErrorPage({ error, reset }: ErrorPageProps): ReactElement {
  useErrorReport(error);
  return createElement(
    "div",
    { role: "alert" },
    createElement("p", null, "Something went wrong."),
    createElement("button", { type: "button", onClick: () => reset() }, "Try again"),
  );
}

/** The same with the document around it, for `global-error.tsx`. */
export function GlobalErrorPage(props: ErrorPageProps): ReactElement {
  const page = createElement("body", null, createElement(ErrorPage, props));
  return createElement("html", { lang: "en" }, page);
}
