// What the browser reports of the page by itself: policies that were violated, what
// it did against the page, frames that kept people waiting.

import { Kind } from "./input.js";
import type { Input, Loader } from "./loader.js";
import { type Guard, observeEach } from "./observe.js";
import { supports } from "./vitals.js";

export type Tells = (input: Input) => void;

const MAX_FRAMES = 20;
const MIN_BLOCKED_MS = 50;

/** Policies that were violated, and what the browser did against the page. */
export function watchReports({ signal, hiddenMs }: Loader, record: Tells, guard: Guard): void {
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
    const observer = new Observer(each, { types, buffered: hiddenMs >= 0 });
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
export function watchFrames({ signal, hiddenMs }: Loader, record: Tells, guard: Guard): void {
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
  observeEach(type, hiddenMs >= 0, signal, guard, each);
}
