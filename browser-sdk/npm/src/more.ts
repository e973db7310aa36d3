// What is told by option only, in a module that other pages don't load: the
// console, resources, clicks in anger and clicks that do nothing.

import { describe } from "./errors.js";
import { hook } from "./hook.js";
import { Kind, Source } from "./input.js";
import { type Guard, observeEach } from "./observe.js";
import type { Tells } from "./reports.js";
import type { Resolved } from "./resolve.js";
import { selector } from "./selector.js";

const LEVELS = ["error", "warn", "info", "log"] as const;
const MAX_RESOURCES = 200;
/** So many clicks so near to each other in time and place are in anger. */
const RAGE = { clicks: 3, withinMs: 1000, withinPx: 30 };
/** A click that has changed nothing by then did nothing. */
const DEAD_MS = 2000;
/** A link may open elsewhere, save a file, or start another program. */
const EFFECTS =
  "scroll focusin change input submit beforeunload pagehide visibilitychange blur copy toggle selectionchange".split(" ");
const MAX_TEXT = 1024;
const CLICKABLE = "a,button,summary,[role=button],[role=link],[role=tab],[role=menuitem],[onclick]";

/** Watches what the options ask for, until the signal. */
export function watchMore(options: Resolved, loader: Watched, record: Tells, guard: Guard): void {
  const own = new URL(options.endpoint, location.href).href;
  if (options.console) watchConsole(record, loader.signal);
  if (options.resources) watchResources(own, loader, record, guard);
  if (options.clicks) watchClicks(own, record, loader.signal, guard);
}

/** By which it is known whether a page is watched anew, and until when. */
interface Watched {
  readonly signal: AbortSignal;
  readonly isFirst: boolean;
}

function watchConsole(record: Tells, signal: AbortSignal): void {
  /** Whoever is told may write to the console himself. */
  let isTelling = false;
  for (const level of LEVELS) {
    hook(console, level, signal, (native, self, given) => {
      native.apply(self, given);
      if (isTelling) return;
      isTelling = true;
      try {
        tell(level, given);
      } catch {
        // Something that can't be looked at.
      }
      isTelling = false;
    });
  }
  const tell = (level: string, given: unknown[]) => {
    const atMs = performance.now();
    const error = given.find((one) => one instanceof Error);
    const text = given.map(textOf).join(" ");
    if (level !== "error") return record([Kind.Breadcrumb, [atMs], [`console.${level}`, text]]);
    if (error) {
      const texts = [...describe(error), Source.Console, "", {}, () => error];
      return record([Kind.Thrown, [atMs], texts, location.href]);
    }
    const attributes = { "browser.console.level": level, "browser.console.message": text };
    record([Kind.CustomEvent, [atMs, 1], ["browser.console", attributes], location.href]);
  };
}

/** A list or an object may be huge, or throw. */
function textOf(value: unknown): string {
  if (value instanceof Error) return describe(value)[1];
  const isSimple = Object(value) !== value;
  return (isSimple ? String(value) : Object.prototype.toString.call(value)).slice(0, MAX_TEXT);
}

function watchResources(own: string, { signal, isFirst }: Watched, record: Tells, guard: Guard): void {
  const name = "browser.resource_timing";
  let count = 0;
  const each = (entry: any) => {
    // What `fetch` and XHR ask for has spans.
    if (["fetch", "xmlhttprequest", "beacon"].includes(entry.initiatorType)) return;
    if (entry.name.startsWith(own) || !entry.name.startsWith("http") || ++count > MAX_RESOURCES) return;
    const attributes = {
      "url.full": entry.name,
      [`${name}.initiator_type`]: entry.initiatorType,
      [`${name}.duration`]: entry.duration,
      [`${name}.transfer_size`]: entry.transferSize,
      [`${name}.decoded_body_size`]: entry.decodedBodySize,
      [`${name}.render_blocking_status`]: entry.renderBlockingStatus,
      "http.response.status_code": entry.responseStatus || undefined,
    };
    record([Kind.CustomEvent, [entry.startTime, 0], [name, attributes], location.href]);
  };
  observeEach("resource", isFirst, signal, guard, each);
}

function watchClicks(own: string, record: Tells, signal: AbortSignal, guard: Guard): void {
  let clicks: MouseEvent[] = [];
  const tell = (name: string, { timeStamp, target }: Event) =>
    record([
      Kind.CustomEvent,
      [timeStamp, 0],
      [name, { "sightline.interaction.target": selector(target as Node) }],
      location.href,
    ]);
  const near = (one: MouseEvent, other: MouseEvent) =>
    other.timeStamp - one.timeStamp < RAGE.withinMs &&
    Math.hypot(other.clientX - one.clientX, other.clientY - one.clientY) < RAGE.withinPx;
  const onClick = (click: MouseEvent) =>
    guard(() => {
      // A key that clicks has no place.
      if (!click.isTrusted || !click.detail) return;
      clicks = [...clicks.filter((before) => near(before, click)), click];
      if (clicks.length === RAGE.clicks) tell("browser.user_action.rage_click", click);
      watchEffect(click);
    });
  const watchEffect = (click: MouseEvent) => {
    if (!(click.target as Element).closest?.(CLICKABLE)) return;
    const done = new AbortController();
    const settle = () => done.abort();
    const effects = { signal: done.signal, capture: true };
    for (const type of EFFECTS) {
      addEventListener(type, settle, effects);
    }
    (globalThis as any).navigation?.addEventListener("navigate", settle, effects);
    const changes = new MutationObserver(settle);
    changes.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
    const requests = new PerformanceObserver((list) => {
      if (list.getEntries().some(({ name }) => !name.startsWith(own))) settle();
    });
    requests.observe({ type: "resource" });
    const timer = setTimeout(() => {
      settle();
      guard(() => tell("browser.user_action.dead_click", click));
    }, DEAD_MS);
    done.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      changes.disconnect();
      requests.disconnect();
    });
    signal.addEventListener("abort", settle, { signal: done.signal });
  };
  addEventListener("click", onClick, { capture: true, signal });
}
