// What people do on the page and what it leads to: a span for each interaction
// that asked a server or went to another route, one for each route, and among the
// breadcrumbs what was clicked.
//
// Without patching timers or promises nobody knows what a call belongs to. What
// begins while an interaction goes on is taken for its: it goes on for 100 ms, and
// for 100 ms after each thing that it led to.

import type { Loader, Input } from "./loader.js";
import { Kind } from "./input.js";
import { asText } from "./translate.js";
import type { Resolved } from "./resolve.js";
import { selector } from "./selector.js";
import { parse } from "./trace.js";

const QUIET_MS = 100;
/** No interaction or navigation goes on for longer. */
const LONGEST_MS = 10000;
/** A gesture's further events, such as `submit` after `click`, begin no other. */
const GESTURE_MS = 50;

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
  /** Where to. */
  address: string;
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
  let address = addressOf(location.href);

  const goesOn = (atMs: number) =>
    now && atMs - now.startMs < LONGEST_MS && (now.open > 0 || atMs < now.quietMs);
  const finish = () => {
    clearTimeout(timer);
    timer = undefined;
    const ended = now;
    now = undefined;
    // What led to nothing is for INP to tell.
    if (!ended || !(ended.endMs || ended.open)) return;
    const { traceparent, parent, type, target, startMs, open } = ended;
    const endMs = open ? performance.now() : ended.endMs;
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
  /** Something that an interaction led to is over; `held` if it was waited for. */
  const over = (parent: unknown, endMs: number, held: boolean) => {
    if (!now || parent !== now.traceparent) return;
    now.open -= +held;
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
    });
  tracer.current = (begins) => {
    if (!goesOn(performance.now())) return page;
    if (begins) {
      now!.open++;
      timer ??= setTimeout(watch, QUIET_MS);
    }
    return now!.traceparent;
  };

  const go = (startMs: number, url: string) => {
    stay();
    const [traceparent, parent] = tracer.start();
    tracer.current!(true);
    const mine = (going = { traceparent, parent, startMs, address: addressOf(url) });
    // Not every browser tells when the address changes.
    const arrive = () =>
      guard(() => {
        if (going !== mine) return;
        if (addressOf(location.href) === mine.address) arrived();
        else if (performance.now() - startMs < LONGEST_MS) requestAnimationFrame(arrive);
        else stay();
      });
    requestAnimationFrame(arrive);
  };
  /** The navigation that goes on leads nowhere, or somewhere else. */
  const stay = () => {
    if (going) over(going.parent, 0, true);
    going = undefined;
  };
  /** The address is there: it is painted when two frames have begun. */
  const arrived = () => {
    const { traceparent, parent, startMs } = going!;
    stay();
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
      const [before, after] = [address, addressOf(location.href)];
      address = after;
      if (before === after) return;
      // One that no router told, and that a person began: to another path.
      const isOther = before.split("?")[0] !== after.split("?")[0];
      if (!going && isOther && goesOn(performance.now())) go(now!.startMs, after);
      if (going) arrived();
    });
  (globalThis as any).navigation?.addEventListener("currententrychange", onEntry, { signal });
  for (const type of ["click", "keydown", "submit"]) {
    addEventListener(type, onInput, { capture: true, signal });
  }

  return [
    ([kind, numbers, texts]) => {
      if (kind === Kind.Navigation) go(numbers[0]!, asText(texts![0]));
      if (kind === Kind.Fetched) over(texts![1], numbers[1]!, true);
      if (kind === Kind.Span) over(texts![1], numbers[1]!, false);
    },
    finish,
  ];
}

/** Without what stays on the page; empty for what is none. */
const addressOf = (url: string): string => parse(url)?.href.split("#")[0] ?? "";
