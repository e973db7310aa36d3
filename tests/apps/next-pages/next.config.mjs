// A config that is a function, as other wrappers make it.
import { withSightline } from "@sightline/browser/next";

export default withSightline(async () => ({ reactStrictMode: true, basePath: "/shop" }), { serviceName: "pages" });
