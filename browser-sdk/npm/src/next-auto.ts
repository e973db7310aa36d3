// Starts by being imported: what `withSightline` injects, and the one line of an
// `instrumentation-client.ts` where Next.js can't inject.

import { init } from "./next-client.js";

export { onRouterTransitionStart } from "./next-client.js";

// A server may come by here, too.
if (typeof window !== "undefined") init();
