/**
 * Next.js settings of the shop. Nothing here is needed by Sightline.
 * `root` keeps Next from guessing it by lock files in folders above.
 */
import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  turbopack: { root: fileURLToPath(new URL(".", import.meta.url)) },
};
