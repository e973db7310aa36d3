// Starts the SDK with the options that the page's address gives.
import { init } from "/sdk/index.js";

const asked = new URLSearchParams(location.search);
const given = asked.get("options");
// A browser that has none.
if (asked.has("nofetch")) delete window.fetch;
// A page whose storage is closed to it.
if (asked.has("nostorage")) {
  Object.defineProperty(window, "localStorage", {
    get() {
      throw new DOMException("closed", "SecurityError");
    },
  });
}
// What the page has before, for those who compare.
window.nativeFetch = window.fetch;
window.sightline = init(given ? JSON.parse(given) : { serviceName: "test-page" });
window.patchedFetch = window.fetch;
