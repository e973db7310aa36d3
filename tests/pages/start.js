// Starts the SDK with the options that the page's address gives.
import { init } from "/sdk/index.js";

const given = new URLSearchParams(location.search).get("options");
// What the page has before, for those who compare.
window.nativeFetch = window.fetch;
window.sightline = init(given ? JSON.parse(given) : { serviceName: "test-page" });
window.patchedFetch = window.fetch;
