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
  /** Whether each vital is told as a histogram, too, to `/v1/metrics`: once a
   * view, when it is known for the first time. By default not. */
  metrics?: boolean;
}

/** What an event or an error is told with. */
export type Attributes = { readonly [key: string]: string | number | boolean | undefined };

/** What `init` gives back. */
export interface Handle {
  /** Tells an error that was caught, of any value, as one that nothing caught is
   * told: the same one once. */
  captureException(error: unknown, attributes?: Attributes): void;
  /** Sends what waits; done when it is answered. Never rejects. */
  flush(): Promise<void>;
  /** Sends what waits, then undoes everything that `init` did to the page. */
  shutdown(): void;
}
