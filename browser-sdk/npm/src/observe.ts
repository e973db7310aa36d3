// The browser's performance entries of one type, one by one.

export type Guard = (run: () => void) => void;

/** Calls with each entry until the signal, also with those before if `buffered`.
 * `guard` runs what may not throw into the page. */
export function observeEach(
  type: string,
  buffered: boolean,
  signal: AbortSignal,
  guard: Guard,
  each: (entry: any) => void,
): void {
  const observer = new PerformanceObserver((list) => guard(() => list.getEntries().forEach(each)));
  observer.observe({ type, buffered });
  signal.addEventListener("abort", () => observer.disconnect());
}
