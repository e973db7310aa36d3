// Hands the browser's performance entries to the engine, which knows what they
// mean. Nothing here computes a vital.

import { tell } from "./gate.js";
import { Kind } from "./input.js";
import type { Loader } from "./loader.js";
import { selector } from "./selector.js";

/** Of a shift, only the source that moved most is told. */
interface Source {
  node: Node | null;
}

/** What the page counts itself. */
export const interactions = () => performance.interactionCount ?? 0;

const TYPES = [
  "paint",
  "largest-contentful-paint",
  "layout-shift",
  "first-input",
  "long-animation-frame",
  "soft-navigation",
  "interaction-contentful-paint",
];
const INPUTS = ["keydown", "click"];
/** Where the browser tells no soft navigations: an address that changes so
 * long after an input is one. */
const ROUTE_MS = 5000;
export const supports = (type: string) => PerformanceObserver.supportedEntryTypes.includes(type);

/** Gives back what hands over what has been observed and not yet been told.
 * `guard` runs what may not throw into the page. */
export function watchVitals(loader: Loader, guard: (run: () => void) => void): () => void {
  const { observer, signal } = loader;
  /** Counts the views, and whether the largest paint of this one is final. */
  let view = 0;
  let isFinal = false;
  let inputMs = -ROUTE_MS;
  let path = location.pathname;

  const begin = (numbers: number[], url: string) => {
    view++;
    isFinal = false;
    tell(Kind.SoftNavigation, [...numbers, interactions()], [url]);
  };
  const paint = (entry: any, interactionId: number) => {
    // What painted the element was asked for before; of several the last.
    const resource = (performance.getEntriesByName(entry.url || "-") as PerformanceResourceTiming[])
      .filter(
        ({ entryType, requestStart, startTime }) =>
          entryType === "resource" && (requestStart || startTime) <= entry.startTime,
      )
      .pop();
    tell(
      Kind.LargestContentfulPaint,
      [
        entry.startTime,
        interactionId,
        resource ? resource.requestStart || resource.startTime : 0,
        resource ? resource.responseEnd : 0,
      ],
      // Of what is gone from the document, the id is left.
      [entry.url, entry.element ? selector(entry.element) : entry.id && `#${entry.id}`],
    );
  };
  const each = (entry: any) => {
    const { entryType, startTime, duration, interactionId } = entry;
    if (entryType === "paint") {
      if (entry.name[6] === "c") tell(Kind.FirstContentfulPaint, [startTime]);
    } else if (entryType === "largest-contentful-paint") paint(entry, 0);
    else if (entryType === "interaction-contentful-paint") {
      const { largestContentfulPaint } = entry;
      if (largestContentfulPaint) paint(largestContentfulPaint, interactionId);
    } else if (entryType === "layout-shift") {
      if (entry.hadRecentInput) return;
      const sources: Source[] = entry.sources;
      const source = sources.find(({ node }) => node?.nodeType === 1) ?? sources[0];
      tell(Kind.LayoutShift, [entry.value, startTime], [selector(source?.node)]);
    } else if (entryType === "long-animation-frame") {
      for (const script of entry.scripts) {
        tell(
          Kind.Script,
          [script.startTime, script.duration, startTime, duration],
          [script.invoker, script.invokerType, script.sourceURL, script.sourceFunctionName],
        );
      }
    } else if (entryType === "soft-navigation") {
      const painted = entry.presentationTime || entry.paintTime || startTime;
      begin([startTime, interactionId, painted], entry.name);
      const largest = entry.getLargestInteractionContentfulPaint?.();
      if (largest) each(largest);
    } else {
      // `event` and `first-input`: an interaction too short for the one counts
      // if it is the first.
      tell(
        Kind.Event,
        [
          interactionId ?? 0,
          startTime,
          duration,
          entry.processingStart,
          entry.processingEnd,
          +entry.name.startsWith("key"),
        ],
        [entry.target ? selector(entry.target) : (entry.targetSelector ?? "")],
      );
    }
  };

  const drain = () => {
    loader.observed.push(...(observer?.takeRecords() ?? []));
    // Each type comes in order, but not together.
    const end = (entry: PerformanceEntry) => entry.startTime + entry.duration;
    loader.observed
      .splice(0)
      .sort((one, other) => end(one) - end(other))
      .forEach(each);
  };
  // Not at once: the browser still has paints from before the input to tell,
  // and the page's own handlers come first.
  const onInput = (input: Event) => {
    if (!input.isTrusted) return;
    inputMs = input.timeStamp;
    if (isFinal) return;
    const seen = view;
    const finish = () =>
      guard(() => {
        drain();
        if (seen !== view || isFinal) return;
        isFinal = true;
        tell(Kind.FirstInput, [performance.now()]);
      });
    if ("requestIdleCallback" in globalThis) requestIdleCallback(finish, { timeout: 1000 });
    else setTimeout(finish);
  };

  // Its paints stay unknown.
  const onRoute = () => {
    const isOther = path !== location.pathname;
    path = location.pathname;
    if (!isOther || performance.now() - inputMs > ROUTE_MS) return;
    guard(() => {
      drain();
      begin([inputMs, 0, NaN], location.href);
    });
  };

  // One observer for all, so that their entries come together.
  loader.drain = () => guard(drain);
  guard(() => {
    for (const type of TYPES) {
      if (supports(type)) observer?.observe({ type, buffered: loader.hiddenMs >= 0 });
    }
  });
  for (const type of INPUTS) {
    addEventListener(type, onInput, { capture: true, signal });
  }
  const routes = supports("soft-navigation") ? undefined : (globalThis as any).navigation;
  routes?.addEventListener("currententrychange", onRoute, { signal });
  return drain;
}
