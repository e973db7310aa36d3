// Dash0's SDK: OTLP, vitals, errors, fetch.
import { init } from "@dash0/sdk-web";

init({ serviceName: "bench", endpoint: { url: `${location.origin}/ingest`, authToken: "none" } });
