"use client";
/** What a visitor sees when a page could not be made, for example because the API is away. */
import { type ErrorPageProps, useErrorReport } from "@sightline/browser/next/error";

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  useErrorReport(error);
  return (
    <section>
      <h1>That didn’t work</h1>
      <p role="alert">The kiln is out. Please try again.</p>
      <button onClick={reset}>Try again</button>
    </section>
  );
}
