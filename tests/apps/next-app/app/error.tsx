"use client";
export { ErrorPage as default } from "@sightline/browser/next/error";
