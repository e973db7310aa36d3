// What a user's config has, with Sightline around it.
import { withSightline } from "@sightline/browser/next";
import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  async headers() {
    const value = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
    return [{ source: "/:path*", headers: [{ key: "Content-Security-Policy", value }] }];
  },
  async rewrites() {
    return [{ source: "/wares/:id", destination: "/products/:id" }];
  },
};

export default withSightline(nextConfig);
