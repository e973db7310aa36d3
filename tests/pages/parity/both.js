// web-vitals, with attribution, and the SDK side by side on one page. What
// web-vitals reports goes to /api/theirs, also when the page is being left.
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "/web-vitals/web-vitals.attribution.js";
import { init } from "/sdk/index.js";

// The attribution that is compared, by our names.
const ATTRIBUTION = {
  LCP: {
    target: "target",
    url: "url",
    time_to_first_byte: "timeToFirstByte",
    resource_load_delay: "resourceLoadDelay",
    resource_load_duration: "resourceLoadDuration",
    element_render_delay: "elementRenderDelay",
  },
  INP: {
    target: "interactionTarget",
    interaction_type: "interactionType",
    interaction_time: "interactionTime",
    input_delay: "inputDelay",
    processing_duration: "processingDuration",
    presentation_delay: "presentationDelay",
    load_state: "loadState",
  },
  CLS: {
    target: "largestShiftTarget",
    largest_shift_value: "largestShiftValue",
    largest_shift_time: "largestShiftTime",
    load_state: "loadState",
  },
  FCP: {
    time_to_first_byte: "timeToFirstByte",
    first_byte_to_fcp: "firstByteToFCP",
    load_state: "loadState",
  },
  TTFB: {
    waiting_duration: "waitingDuration",
    cache_duration: "cacheDuration",
    dns_duration: "dnsDuration",
    connection_duration: "connectionDuration",
    request_duration: "requestDuration",
  },
};
const SCRIPT = { invoker: "invoker", invoker_type: "invokerType", source_url: "sourceURL", source_function_name: "sourceFunctionName", duration: "duration" };

function report({ name, value, rating, navigationType, navigationStartTime, navigationURL, attribution }) {
  const detail = {};
  for (const [ours, theirs] of Object.entries(ATTRIBUTION[name])) detail[ours] = attribution[theirs];
  const { longestScript } = attribution;
  if (longestScript) {
    for (const [ours, theirs] of Object.entries(SCRIPT)) {
      detail[`longest_script.${ours}`] = longestScript.entry[theirs];
    }
    detail["longest_script.subpart"] = longestScript.subpart;
    detail["longest_script.intersecting_duration"] = longestScript.intersectingDuration;
  }
  const theirs = {
    view: `${navigationType} ${navigationStartTime}`,
    name: name.toLowerCase(),
    value,
    rating,
    navigationType,
    path: new URL(navigationURL || location.href).pathname,
    detail,
  };
  navigator.sendBeacon("/api/theirs", JSON.stringify(theirs));
}

// On a restored page the callbacks of a frame read one clock: each library takes
// the time of the paint in a callback of its own, one after the other.
const now = performance.now.bind(performance);
const request = requestAnimationFrame;
const frame = {};
addEventListener("pageshow", ({ persisted }) => (frame.stands = persisted));
performance.now = () => frame.now ?? now();
window.requestAnimationFrame = (callback) =>
  request((start) => {
    if (frame.start !== start) Object.assign(frame, { start, read: now() });
    if (frame.stands) frame.now = frame.read;
    try {
      callback(start);
    } finally {
      frame.now = undefined;
    }
  });

for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(report, { reportSoftNavs: true });
window.sightline = init({ serviceName: "parity" });

// For a script that waits for what the page has gone through.
window.observed = {};
for (const type of ["layout-shift", "event", "first-input", "largest-contentful-paint", "paint", "soft-navigation", "interaction-contentful-paint"]) {
  const entries = (observed[type] = []);
  const each = (list) => entries.push(...list.getEntries());
  new PerformanceObserver(each).observe({ type, buffered: true, durationThreshold: 16 });
}
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => (window.restored = true))));
});
dispatchEvent(new Event("measured"));
