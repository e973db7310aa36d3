"use client";
export { GlobalErrorPage as default } from "@sightline/browser/next/error";
