/**
 * Next.js settings of the shop, and Sightline around them.
 * `root` keeps Next from guessing it by lock files in folders above.
 */
import { fileURLToPath } from "node:url";
import { withSightline } from "@sightline/browser/next";

/** @type {import("next").NextConfig} */
const nextConfig = {
  poweredByHeader: false,
  turbopack: { root: fileURLToPath(new URL(".", import.meta.url)) },
};

export default withSightline(nextConfig, { serviceName: "shop-browser", metrics: true });
