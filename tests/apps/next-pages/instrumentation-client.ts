// What can't stand in the config.
import { init } from "@sightline/browser/next/client";

init({ environment: location.hostname === "127.0.0.1" ? "test" : "production" });
