// Uncaught errors and unhandled rejections, of any value thrown. What led to them
// is looked up when the engine is there (causes.ts).

import { Source } from "./input.js";

type Described = [kind: string, message: string, stack: string];

/** Class, message and stack of any value. Never throws, whatever its getters do. */
export function describe(value: unknown): Described {
  try {
    // Of `window`, or of a worker that the page's own code watches.
    if (value instanceof ErrorEvent) {
      const { error, message, filename, lineno, colno, target } = value;
      // Another origin's script: the browser tells nothing but a message.
      if (error == null && !filename) return ["Error", message, ""];
      // Of a worker it tells no error.
      const described = describe(target === window ? error : (error ?? message));
      described[2] ||= `at ${filename}:${lineno}:${colno}`;
      return described;
    }
    const error = value as Error;
    const texts =
      error?.message != null
        ? [error.name || error.constructor.name, error.message, error.stack || ""]
        : [value === null ? "null" : typeof value, value, ""];
    return texts.map(String) as Described;
  } catch {
    return ["unknown", "", ""];
  }
}

/** Listens by this. */
export function watchErrors(
  tell: (error: unknown, source: Source) => void,
  listen: (type: string, listener: (event: any) => void) => void,
): void {
  const onError = (event: ErrorEvent) => {
    const target = event.target as HTMLScriptElement & HTMLLinkElement;
    if (target === (window as EventTarget)) tell(event, Source.Uncaught);
    else if (target.localName) {
      // An image, a script, a style sheet … that could not be loaded.
      const message = `${target.localName} ${target.src || target.href}`;
      tell({ name: "ResourceError", message }, Source.Resource);
    }
  };
  const onRejection = ({ reason }: PromiseRejectionEvent) => tell(reason, Source.UnhandledRejection);
  listen("error", onError);
  listen("unhandledrejection", onRejection);
}
