// Hands the browser's performance entries to the engine, which knows what they
// mean. Nothing here computes a vital.

import { Kind } from "./input.js";
import { tell } from "./gate.js";
import type { Loader } from "./loader.js";

interface LayoutShift extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
}

export interface Vitals {
  /** Hands over what has been observed and not yet been told. */
  drain(): void;
  stop(): void;
}

/** `guard` runs what may not throw into the page. */
export function watchVitals(loader: Loader, guard: (run: () => void) => void): Vitals {
  const observed: [PerformanceObserver, (entry: PerformanceEntry) => void][] = [];
  const observe = (type: string, each: (entry: any) => void) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    const observer = new PerformanceObserver((list) =>
      guard(() => list.getEntries().forEach(each)),
    );
    observer.observe({ type, buffered: true });
    observed.push([observer, each]);
  };
  const event = (entry: PerformanceEventTiming): unknown =>
    tell(Kind.Event, [entry.interactionId ?? 0, entry.duration]);
  if (loader.events) observed.push([loader.events, event as (entry: any) => void]);
  // An interaction too short for an `event` entry counts if it is the first.
  observe("first-input", event);
  observe("paint", (entry: PerformanceEntry) => {
    if (entry.name === "first-contentful-paint") tell(Kind.FirstContentfulPaint, [entry.startTime]);
  });
  observe("largest-contentful-paint", (entry: PerformanceEntry) =>
    tell(Kind.LargestContentfulPaint, [entry.startTime]));
  observe("layout-shift", (entry: LayoutShift) => {
    if (!entry.hadRecentInput) tell(Kind.LayoutShift, [entry.value, entry.startTime]);
  });

  const drain = () => {
    for (const [observer, each] of observed) observer.takeRecords().forEach(each);
  };
  const onInput = (input: Event) => {
    if (input.isTrusted) {
      guard(() => {
        drain();
        tell(Kind.FirstInput, [performance.now()]);
      });
      stopInput();
    }
  };
  const stopInput = () => {
    for (const type of ["keydown", "click"]) removeEventListener(type, onInput, true);
  };
  for (const type of ["keydown", "click"]) addEventListener(type, onInput, true);

  return {
    drain,
    stop() {
      for (const [observer] of observed) observer.disconnect();
      stopInput();
    },
  };
}
