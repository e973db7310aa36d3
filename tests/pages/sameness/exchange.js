// An XMLHttpRequest as data: its events in order with its state at each, what was
// returned and thrown, and the answer.

const EVENTS = ["readystatechange", "loadstart", "load", "error", "abort", "timeout", "loadend"];

/** Runs `prepare` with a new request; done when the request is, or when `prepare`
 * threw. */
export function exchange(note, prepare, Xhr = XMLHttpRequest) {
  return new Promise((done) => {
    const xhr = new Xhr();
    // The page's own handler and listeners, some before ours and some after.
    const listen = (who) => {
      for (const type of EVENTS) {
        xhr.addEventListener(type, (event) => seen(`${who} ${type} ${xhr.readyState} ${xhr.status} ${event.isTrusted}`));
      }
    };
    // A body comes in as many pieces as the network likes.
    const pieces = new Set();
    const seen = (what) => {
      if (xhr.readyState !== 3) pieces.clear();
      else if (pieces.has(what)) return;
      pieces.add(what);
      note(what);
    };
    listen("before");
    xhr.onreadystatechange = () => seen(`handler ${xhr.readyState}`);
    // Not where it was opened again meanwhile.
    xhr.addEventListener("loadend", () => xhr.readyState === 1 || setTimeout(() => done(answer(xhr))));
    try {
      note(`returned ${prepare(xhr)}`);
      listen("after");
    } catch (error) {
      note("threw", error.constructor.name, error.name, error.message);
      setTimeout(() => done(answer(xhr)));
    }
  });
}

export function answer(xhr) {
  const { response } = xhr;
  const attempt = (get) => {
    try {
      return get();
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  };
  return {
    state: [xhr.readyState, xhr.status, xhr.statusText, xhr.responseType, xhr.timeout, xhr.withCredentials],
    // The path of a blob is another each time.
    path: xhr.responseURL && new URL(xhr.responseURL.replace(/^blob:.*/, "blob:")).pathname,
    class: Object.prototype.toString.call(response),
    size: response?.byteLength ?? response?.size ?? response?.documentElement?.outerHTML ?? null,
    json: xhr.responseType === "json" ? response : null,
    text: attempt(() => xhr.responseText),
    xml: attempt(() => xhr.responseXML?.documentElement?.nodeName ?? null),
    headers: xhr.getAllResponseHeaders().split("\r\n").filter((line) => !line.startsWith("date:")).sort(),
    own: Reflect.ownKeys(xhr),
  };
}

/** What can be seen of the methods that an SDK may replace. */
export const methods = (prototype) => [
  Object.keys(prototype),
  ...["open", "setRequestHeader", "send"].map((name) => {
    const { value, ...descriptor } = Object.getOwnPropertyDescriptor(prototype, name);
    const text = String(value).replace(/^function\s*\w*/, "").replace(/\s+/g, "");
    return [descriptor, value.name, value.length, Reflect.ownKeys(value).sort(), text];
  }),
];
