// Starts by being imported: what `withSightline` injects, and the one line of an
// `instrumentation-client.ts` where Next.js can't inject.

import { init } from "./next-client.js";

export { onRouterTransitionStart } from "./next-client.js";

init();
