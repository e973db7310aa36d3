/** Browser side: runs before the page hydrates. This file is all that the page needs of Sightline. */
import { init } from "@sightline/browser";

init({
  serviceName: "shop-browser",
  serviceVersion: "0.1.0",
  endpoint: "/sightline",
  routes: ["/products/{id}"],
});
