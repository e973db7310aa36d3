// Puts functions of ours in place of the browser's, and takes them back.

type Function = (this: any, ...args: any[]) => any;

/** Has `ours` called in place of this function, with the native one, until the
 * signal. A proxy has the native function's name, text and all else. */
export function hook(
  target: any,
  name: string,
  signal: AbortSignal,
  ours: (native: Function, self: any, args: any[]) => unknown,
): void {
  const native: Function = target[name];
  const patched = new Proxy(native, {
    apply: (_, self, args) => (signal.aborted ? native.apply(self, args) : ours(native, self, args)),
  });
  target[name] = patched;
  signal.addEventListener("abort", () => {
    // Someone may have wrapped ours since: then it stays, and does nothing.
    if (target[name] === patched) target[name] = native;
  });
}
