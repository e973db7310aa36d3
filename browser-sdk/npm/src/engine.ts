// The engine's module: instantiates the wasm, gives it what has happened so
// far, and from then on everything that happens. Loaded by `import()`, never
// before the page is idle or left.

import { delivery } from "./delivery.js";
import { ask, type Batch, Need, nextBatch, open, restore, tell } from "./gate.js";
import { Kind, Source } from "./input.js";
import { watchActivity } from "./activity.js";
import type { Input, Loader, Running } from "./loader.js";
import { watchFrames, watchReports } from "./reports.js";
import { resolve } from "./resolve.js";
import { watchSession } from "./session.js";
import { takeLeft } from "./storage.js";
import { translator } from "./translate.js";
import { interactions, watchVitals } from "./vitals.js";

/** Rejects where the engine can't be had. */
export async function start(loader: Loader): Promise<void> {
  await open(loader.nativeFetch, loader.given.engine);
  if (loader.signal.aborted) return;

  const [options, problems] = resolve(loader.given);
  const left = options.persist ? await takeLeft() : [];

  const { signal } = loader;
  const guard = (run: () => void) => {
    if (signal.aborted) return;
    try {
      run();
    } catch (error) {
      loader.fail(error);
      out.broke();
    }
  };
  const { beforeSend } = options;
  const edit = beforeSend && (await import("./before_send.js")).editor(beforeSend);
  const out = delivery(options, loader, guard, edit);
  const navigation = performance.getEntriesByType("navigation")[0] as Navigation | undefined;
  let active: () => void;
  let drain: () => void;
  let activity: ReturnType<typeof watchActivity> | undefined;

  const begin = (
    originMs: number,
    hiddenMs: number,
    navigation: Navigation | undefined,
  ): [page: string, wrong: string] => {
    const edge = edgeTraceparent(navigation);
    const [page] = loader.tracer.start(edge);
    const activationMs = navigation?.activationStart ?? 0;
    const [wrong] = ask(
      Kind.Start,
      [
        originMs,
        +options.metrics,
        activationMs,
        hiddenMs,
        ...crypto.getRandomValues(new Uint8Array(8)),
      ],
      [
        options.serviceName,
        options.serviceVersion,
        options.environment,
        options.routes.map((route) => String(route).replace(/\n/g, " ")).join("\n"),
        // The address that was loaded; scripts may have changed it since.
        navigation?.name || location.href,
        navigationType(navigation),
        page,
        edge,
      ],
    );
    out.begun();
    return [page, wrong!];
  };
  const loaded = (endMs: number, navigation: Navigation | undefined) => {
    if (!navigation) return;
    const phases = ask(Kind.Phases) as (keyof Navigation)[];
    const times = phases.map((phase) => Number(navigation[phase]) || 0);
    tell(Kind.DocumentLoad, [endMs, ...times]);
  };
  const loadedUntil = (nowMs: number) =>
    loader.hiddenMs < 0 || loaded(navigation?.loadEventEnd || nowMs, navigation);

  const translate = translator((input) => record(input));
  const record = (input: Input) =>
    guard(() => {
      active();
      activity?.[0](input);
      // One that a blocker keeps away is nothing that went wrong.
      loader.tracer.hasErred ||= input[0] === Kind.Thrown && input[2]![3] !== Source.Resource;
      translate(input);
      out.schedule();
    });
  const hide = () =>
    guard(() => {
      active();
      activity?.[1]();
      const nowMs = performance.now();
      loadedUntil(nowMs);
      drain();
      tell(Kind.Hidden, [nowMs, interactions()]);
      out.deliver(Need.Leaving);
    });
  // `loadEventEnd` is there a task after the load event.
  const onLoad = () =>
    setTimeout(() =>
      guard(() => {
        loadedUntil(performance.now());
        out.schedule();
      }),
    );
  // A view of its own, painted when two frames have begun.
  const onShow = (event: PageTransitionEvent) => {
    if (!event.persisted) return;
    guard(() => tell(Kind.Restored, [event.timeStamp, interactions()]));
    const painted = () =>
      guard(() => {
        tell(Kind.Repainted, [performance.now()]);
        out.schedule();
      });
    requestAnimationFrame(() => requestAnimationFrame(painted));
  };

  addEventListener("pageshow", onShow, { signal });
  guard(() => {
    loader.takeBack();
    const abandoned: Batch[] = [];
    for (const [originMs, [leftMs, navigation, inputs]] of left) {
      begin(originMs, leftMs, navigation);
      // Who it was was not left.
      inputs.forEach(translator(() => {}));
      loaded(navigation?.loadEventEnd || leftMs, navigation);
      tell(Kind.Hidden, [leftMs, 0]);
      let batch: Batch | undefined;
      // As if to send them, which tells what was lost; then what is beyond that.
      for (const need of [Need.Leaving, Need.Keep]) {
        while ((batch = nextBatch(need, options.compress))) abandoned.push(batch);
      }
    }
    const hiddenMs = firstHidden(navigation?.activationStart ?? 0);
    const since = Math.min(loader.hiddenMs, hiddenMs);
    const [page, wrong] = begin(performance.timeOrigin, since, navigation);
    options.routes.forEach((_, at) => {
      if (+wrong[at]!) problems.push([`routes[${at}]`, +wrong[at]!]);
    });
    if (problems.length) import("./problems.js").then(({ warn }) => warn(problems), () => {});
    abandoned.forEach(restore);
    active = watchSession(options.persist, loader.tracer);
    active();
    out.recover();
    // Not before: WebKit hands over what it has buffered while it is asked.
    drain = watchVitals(loader, guard);
    activity = watchActivity(loader, options, page, record, guard);
    watchReports(loader, record, guard);
    watchFrames(loader, record, guard);
    if (options.console || options.resources || options.clicks) {
      const isFirst = loader.hiddenMs >= 0;
      const more = import("./more.js");
      more.then(({ watchMore }) => guard(() => watchMore(options, { signal, isFirst }, record, guard)), () => {});
    }
    tell(Kind.Lost, [loader.lost, loader.repeated]);
    loader.inputs.splice(0).forEach(record);
    if (document.readyState === "complete") onLoad();
    else addEventListener("load", onLoad, { signal });
    if (document.visibilityState === "hidden") hide();
  });

  const running: Running = {
    record,
    hide,
    async flush() {
      guard(() => {
        drain();
        out.deliver(Need.Now);
      });
      await out.settled();
    },
  };
  if (signal.aborted) return;
  loader.running = running;
  // What came since the engine took the first ones.
  loader.inputs.splice(0).forEach(record);
}

export interface Navigation extends PerformanceNavigationTiming {
  readonly activationStart?: number;
}

/** As web-vitals tells it. */
function navigationType(navigation: Navigation | undefined): string {
  if (navigation?.activationStart) return "prerender";
  if ((document as { wasDiscarded?: boolean }).wasDiscarded) return "restore";
  return (navigation?.type ?? "navigate").replace("_", "-");
}

/** What the outermost hop, which speaks last, says of the document's trace. */
function edgeTraceparent(navigation: Navigation | undefined): string {
  const told = navigation?.serverTiming?.filter((timing) => timing.name === "traceparent");
  return told?.at(-1)?.description ?? "";
}

function firstHidden(activationMs: number): number {
  const hidden = performance
    .getEntriesByType("visibility-state")
    .find((entry) => entry.name === "hidden" && entry.startTime >= activationMs);
  return hidden ? hidden.startTime : Infinity;
}
