// What `init` takes and gives back. No code.

/** Options of `init`. An option that is not valid is named in one warning on
 * the console and taken as not given; the page is never harmed. */
export interface Options {
  /** `service.name` of everything that is sent, such as `"shop-browser"`. */
  serviceName: string;
  /** `service.version`: the release that runs. */
  serviceVersion?: string;
  /** `deployment.environment.name`, such as `"production"`. */
  environment?: string;
  /** Where OTLP/HTTP goes: `/v1/traces` and `/v1/logs` below this URL or path.
   * By default `"/sightline"` on the page's own origin. */
  endpoint?: string;
  /** Where besides the page's own origin `fetch` sends `traceparent`: URLs
   * (origin, or origin and start of the path) or patterns for the whole URL.
   * The server there must allow the header by CORS. By default none. */
  propagateTo?: readonly (string | RegExp)[];
  /** Route templates such as `"/products/{id}"` for `url.template`. A path
   * that none matches is named by its segments, identifiers replaced. */
  routes?: readonly string[];
  /** The share of traces to keep, from 0 to 1 (default). A trace that the edge
   * began is kept if the edge keeps it. Vitals and errors are always kept. */
  sampleRatio?: number;
  /** `"wasm"`, `"js"` where the page's policy forbids wasm, or `"auto"`
   * (default): `"js"` after `"wasm"` failed, which a policy's reports tell. */
  engine?: "auto" | "wasm" | "js";
  /** Whether to gzip what is sent. By default to the page's own origin only:
   * another one must allow the header `content-encoding` by CORS. */
  compress?: boolean;
  /** Whether `localStorage` may be used: for the session that tabs share, and for
   * what could not be sent and waits for the next page. By default it may. */
  persist?: boolean;
  /** `"page"`: requests and interactions belong to the trace of the document.
   * `"interaction"` (default): each interaction begins a trace, to which what it
   * leads to belongs; a request that none led to has one of its own. */
  traces?: "interaction" | "page";
  /** `"pending"`: nothing is loaded, stored or sent before `setConsent`; what
   * happens meanwhile waits in memory, so much at most. `"denied"`: what an earlier
   * visit stored is forgotten, nothing else is done. By default `"granted"`; what
   * is none of the three is `"pending"`. */
  consent?: "pending" | "granted" | "denied";
  /** Whether Global Privacy Control and Do Not Track of the browser deny consent. By
   * default not. */
  doNotTrack?: boolean;
  /** Sees every record as it would leave and may change it; what it gives back
   * is sent, `undefined` drops the record, and so does an error that it throws. A
   * record may come more than once. What is sent is not compressed then. */
  beforeSend?: (record: SentRecord) => SentRecord | undefined;
  /** Tells `console.error` (as errors, or as events `browser.console`), and has
   * calls of `console` among what led to an error. By default not. */
  console?: boolean;
  /** Tells each resource as an event `browser.resource_timing`, 200 a page at
   * most. By default not. */
  resources?: boolean;
  /** Tells clicks in anger and clicks that did nothing as events. By default not. */
  clicks?: boolean;
  /** Whether each vital is told as a histogram, too, to `/v1/metrics`: once a
   * view, when it is known for the first time. By default not. */
  metrics?: boolean;
}

/** What the page's own code tells: at most 32 and 4 kB at once, keys of 128 bytes,
 * texts of 1 kB; redacted. A key of `undefined` is none. */
export interface Attributes {
  readonly [key: string]: string | number | boolean | undefined;
}

/** A record as it would leave. */
export interface SentRecord {
  readonly signal: "logs" | "traces" | "metrics";
  /** Of an event, span or histogram. */
  readonly name: string;
  /** Texts, numbers, truth values and lists of texts. */
  attributes: { [key: string]: string | number | boolean | string[] };
}

/** A span that has begun. */
export interface Span {
  /** To continue its trace elsewhere, by the header of that name. */
  readonly traceparent: string;
  /** Adds attributes; `error.type` makes it a failure. */
  setAttributes(attributes: Attributes): void;
  /** Ends it; once. */
  end(): void;
}

/** What `init` gives back. Nothing here ever throws. */
export interface Handle {
  /** Tells an error that was caught, of any value, as one that nothing caught is
   * told: the same one once. An `ErrorEvent`, of a worker say, is the error in it. */
  captureException(error: unknown, attributes?: Attributes): void;
  /** Tells an event. */
  addEvent(name: string, attributes?: Attributes): void;
  /** Begins a span: a child of this one, else of the interaction that goes on, else
   * a trace of its own. */
  startSpan(name: string, attributes?: Attributes, parent?: Pick<Span, "traceparent">): Span;
  /** A router begins to go there: its span ends when the address is there and
   * painted. */
  startNavigation(url: string | URL): void;
  /** Adds to everything that is told from now on; `undefined` takes one away. */
  setAttributes(attributes: Attributes): void;
  /** Adds `user.hash`, SHA-256 of this id, to the same; without one takes it away. */
  setUser(id?: string): void;
  /** What the person says: `"granted"` begins what was pending, `"denied"` forgets
   * everything, also in storage, and undoes what `init` did. */
  setConsent(consent: "granted" | "denied"): void;
  /** Sends what waits; done when it is answered. Never rejects. */
  flush(): Promise<void>;
  /** Sends what waits, then undoes everything that `init` did to the page. */
  shutdown(): void;
}
