// Ours, as a page loads it.
import { init } from "/sdk/index.js";

init({ serviceName: "bench", endpoint: "/ingest", routes: ["/api/{name}"] });
