import { ErrorBoundary } from "@sightline/browser/react";
import type { AppProps } from "next/app";

export default function App({ Component, pageProps }: AppProps) {
  return (
    <ErrorBoundary fallback={<p role="alert">Something went wrong.</p>}>
      <Component {...pageProps} />
    </ErrorBoundary>
  );
}
