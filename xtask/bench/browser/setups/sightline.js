// Ours, as a page loads it.
import { init } from "/sdk/index.js";

const startMs = performance.now();
init({ serviceName: "bench", endpoint: "/ingest", routes: ["/api/{name}"] });
// What runs at once, for the bench to read.
performance.measure("bench-init", { start: startMs });
