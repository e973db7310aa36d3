// React's errors with the components they came from, and the handle in a hook.
// Needs nothing of the package but the handle that the page keeps.

import { Component, type ErrorInfo, type ReactNode } from "react";
import { current } from "./handle.js";
import { live } from "./live.js";
import type { Attributes, Handle } from "./options.js";

/** What a component stack may take. It names components and where they are, no
 * props. */
const MAX_COMPONENT_STACK = 1024;

/** What a fallback is given. */
export interface Caught {
  /** The value that was thrown. */
  readonly error: unknown;
  /** Renders the children again. */
  readonly reset: () => void;
}

/** Props of `ErrorBoundary`. */
export interface ErrorBoundaryProps {
  /** What may fail. */
  children?: ReactNode;
  /** Shown in place of the children after an error. By default nothing. */
  fallback?: ReactNode | ((caught: Caught) => ReactNode);
  /** Called once for each error, after it was told. */
  onError?: (error: unknown, componentStack: string) => void;
}

interface State {
  caught?: { readonly error: unknown } | undefined;
}

/** Shows a fallback in place of children that threw while they rendered, and
 * tells the error with its component stack. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, State> {
  override state: State = {};

  static getDerivedStateFromError(error: unknown): State {
    return { caught: { error } };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    if (isSignal(error)) return;
    tell(error, info);
    this.props.onError?.(error, info.componentStack ?? "");
  }

  override render(): ReactNode {
    const { caught } = this.state;
    if (!caught) return this.props.children;
    // Not ours to catch: Next.js redirects and "not found" travel as errors.
    if (isSignal(caught.error)) throw caught.error;
    const { fallback } = this.props;
    return typeof fallback === "function" ? fallback({ ...caught, reset: this.reset }) : fallback;
  }

  private readonly reset = () => this.setState({ caught: undefined });
}

/** For `createRoot` and `hydrateRoot`: an error that a boundary caught. Told,
 * then logged as React does by itself. */
export function onCaughtError(error: unknown, info: { componentStack?: string | undefined }): void {
  if (isSignal(error)) return;
  tell(error, info);
  console.error(error);
}

/** For `createRoot` and `hydrateRoot`: an error that no boundary caught. Told,
 * then given to the window's listeners as React does by itself. */
export function onUncaughtError(error: unknown, info: { componentStack?: string | undefined }): void {
  // A value without a stack would not be known again when the window tells it.
  if (error instanceof Error) tell(error, info);
  report(error);
}

/** For `createRoot` and `hydrateRoot`: an error that React got over, such as a
 * page of the server that is not the client's. Told, then given to the window's
 * listeners as React does by itself. */
export const onRecoverableError: typeof onUncaughtError = onUncaughtError;

/** The page's handle. It does nothing on a server, before `init` and after
 * `shutdown`, and is the same one at each call. */
export function useSightline(): Handle {
  return live;
}

function tell(error: unknown, { componentStack }: { componentStack?: string | null | undefined }): void {
  const attributes: Attributes = {
    "sightline.react.component_stack": componentStack?.trim().slice(0, MAX_COMPONENT_STACK),
  };
  current()?.captureException(error, attributes);
}

function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}

/** Whether it is no error but a framework's way to leave a render. */
function isSignal(value: unknown): boolean {
  const digest = (value as { digest?: unknown } | null | undefined)?.digest;
  return typeof digest === "string" && /^(NEXT_|BAILOUT_)/.test(digest);
}
