// What people do on the page and what it leads to: a span for each interaction
// that asked a server or went to another route, one for each route, and among the
// breadcrumbs what was clicked. Also what the browser reports of the page.
//
// Without patching timers or promises nobody knows what a call belongs to. What
// begins while an interaction goes on is taken for its: it goes on for 100 ms, and
// for 100 ms after each thing that it led to.

import type { Loader, Input } from "./loader.js";
import { Kind } from "./input.js";
import type { Resolved } from "./resolve.js";
import { selector } from "./selector.js";
import { supports } from "./vitals.js";

const QUIET_MS = 100;
/** No interaction or navigation goes on for longer. */
const LONGEST_MS = 10000;
/** A gesture's further events, such as `submit` after `click`, begin no other. */
const GESTURE_MS = 50;
const MAX_FRAMES = 20;
const MIN_BLOCKED_MS = 50;

interface Interaction {
  traceparent: string;
  parent: string;
  type: string;
  target: string;
  startMs: number;
  /** When the last thing that it led to was over; 0 as long as there is none. */
  endMs: number;
  /** What it led to and is not over. */
  open: number;
  quietMs: number;
}

interface Navigation {
  traceparent: string;
  parent: string;
  startMs: number;
  path: string;
}

/** Gives back what is to see every input, and what ends the interaction that goes
 * on, as the page is left. */
export function watchActivity(
  { tracer, signal }: Loader,
  options: Resolved,
  pageTraceparent: string,
  record: (input: Input) => void,
  guard: (run: () => void) => void,
): [see: (input: Input) => void, finish: () => void] {
  const page = options.traces === "page" ? pageTraceparent : "";
  let now: Interaction | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let going: Navigation | undefined;
  let path = pathOf(location.href);

  const goesOn = (atMs: number) =>
    now && atMs - now.startMs < LONGEST_MS && (now.open > 0 || atMs < now.quietMs);
  const finish = () => {
    clearTimeout(timer);
    const ended = now;
    now = undefined;
    // What led to nothing is for INP to tell.
    if (!ended?.endMs) return;
    const { traceparent, parent, type, target, startMs, endMs } = ended;
    record([
      Kind.Span,
      [startMs, endMs],
      [traceparent, parent, type, { "sightline.interaction.target": target }],
      location.href,
    ]);
  };
  const watch = () =>
    guard(() => {
      if (goesOn(performance.now())) timer = setTimeout(watch, QUIET_MS);
      else finish();
    });
  const over = (endMs: number) => {
    if (!now) return;
    now.open--;
    now.endMs = Math.max(now.endMs, endMs);
    now.quietMs = performance.now() + QUIET_MS;
  };
  const onInput = (event: Event) =>
    guard(() => {
      const { isTrusted, timeStamp, type } = event;
      if (!isTrusted || (type === "keydown" && (event as KeyboardEvent).key !== "Enter")) return;
      if (now && type !== now.type && timeStamp - now.startMs < GESTURE_MS) return;
      finish();
      const target = selector(event.target as Node);
      record([Kind.Breadcrumb, [timeStamp], [type, target]]);
      const [traceparent, parent] = tracer.start(page);
      const quietMs = performance.now() + QUIET_MS;
      now = { traceparent, parent, type, target, startMs: timeStamp, endMs: 0, open: 0, quietMs };
      timer = setTimeout(watch, QUIET_MS);
    });
  tracer.current = (begins) => {
    if (!goesOn(performance.now())) return page;
    if (begins) now!.open++;
    return now!.traceparent;
  };

  const go = (startMs: number, url: string) => {
    const [traceparent, parent] = tracer.start();
    const mine = (going = { traceparent, parent, startMs, path: pathOf(url) });
    const arrive = () =>
      guard(() => {
        if (going !== mine) return;
        if (pathOf(location.href) === mine.path) arrived();
        else if (performance.now() - startMs < LONGEST_MS) requestAnimationFrame(arrive);
        else going = undefined;
      });
    requestAnimationFrame(arrive);
  };
  /** The address is there: it is painted when two frames have begun. */
  const arrived = () => {
    const { traceparent, parent, startMs } = going!;
    going = undefined;
    path = pathOf(location.href);
    const url = location.href;
    const painted = () =>
      guard(() => {
        const endMs = performance.now();
        // A name that ends so is followed by the route.
        record([Kind.Span, [startMs, endMs], [traceparent, parent, "navigation ", {}], url]);
      });
    requestAnimationFrame(() => requestAnimationFrame(painted));
  };
  const onEntry = () =>
    guard(() => {
      const next = pathOf(location.href);
      if (next === path) return;
      // One that no router told, and that a person began.
      if (!going && goesOn(performance.now())) go(now!.startMs, location.href);
      path = next;
      if (going) arrived();
    });
  (globalThis as any).navigation?.addEventListener("currententrychange", onEntry, { signal });
  for (const type of ["click", "keydown", "submit"]) {
    addEventListener(type, onInput, { capture: true, signal });
  }

  watchReports(record, signal, guard);
  watchFrames(record, signal, guard);
  if (options.console || options.resources || options.clicks) {
    import("./more.js").then(({ watchMore }) => guard(() => watchMore(options, record, signal, guard)), () => {});
  }

  return [
    ([kind, numbers, texts]) => {
      if (kind === Kind.Navigation) go(numbers[0]!, texts![0] as string);
      const parent = (kind === Kind.Fetched || kind === Kind.Span) && texts![1];
      if (parent && parent === now?.traceparent) over(numbers[1]!);
    },
    finish,
  ];
}

const pathOf = (address: string): string => {
  const { origin, pathname } = new URL(address, location.href);
  return origin + pathname;
};

type Tells = (input: Input) => void;
type Guard = (run: () => void) => void;

/** Policies that were violated, and what the browser did against the page. */
function watchReports(record: Tells, signal: AbortSignal, guard: Guard): void {
  const tell = (type: string, url: string, body: any) =>
    // What forbids wasm may have met the engine's.
    (body.blockedURL ?? body.blockedURI) === "wasm-eval" ||
    guard(() =>
      record([
        Kind.CustomEvent,
        [performance.now(), 1],
        [
          "browser.report",
          {
            "sightline.report.type": type,
            "sightline.report.message": body.message ?? body.effectiveDirective,
            "sightline.report.blocked_url": body.blockedURL ?? body.blockedURI,
            "code.file.path": body.sourceFile || undefined,
            "code.line.number": body.lineNumber || undefined,
          },
        ],
        url,
      ]),
    );
  const Observer = (globalThis as any).ReportingObserver;
  if (Observer) {
    const types = ["csp-violation", "intervention"];
    const each = (reports: any[]) => reports.forEach(({ type, url, body }) => tell(type, url, body));
    const observer = new Observer(each, { types, buffered: true });
    observer.observe();
    signal.addEventListener("abort", () => observer.disconnect());
  } else {
    document.addEventListener(
      "securitypolicyviolation",
      (event) => tell("csp-violation", location.href, event),
      { signal },
    );
  }
}

/** Frames that kept people waiting, with the script that took longest of them. */
function watchFrames(record: Tells, signal: AbortSignal, guard: Guard): void {
  const type = "long-animation-frame";
  if (!supports(type)) return;
  let count = 0;
  const each = ({ startTime, duration, blockingDuration, scripts }: any) => {
    if (blockingDuration < MIN_BLOCKED_MS || ++count > MAX_FRAMES) return;
    const [script] = [...scripts].sort((one, other) => other.duration - one.duration);
    const name = "browser.long_animation_frame";
    const attributes = {
      [`${name}.duration`]: duration,
      [`${name}.blocking_duration`]: blockingDuration,
      [`${name}.script.invoker`]: script?.invoker,
      [`${name}.script.duration`]: script?.duration,
      "code.file.path": script?.sourceURL || undefined,
      "code.function.name": script?.sourceFunctionName || undefined,
    };
    record([Kind.CustomEvent, [startTime, 0], [name, attributes], location.href]);
  };
  const observer = new PerformanceObserver((list) => guard(() => list.getEntries().forEach(each)));
  observer.observe({ type, buffered: true });
  signal.addEventListener("abort", () => observer.disconnect());
}
