import type { Metadata } from "next";
import type { ReactNode } from "react";
import { Frame } from "@/components/frame";

export const metadata: Metadata = { title: "Sightline test", icons: { icon: "data:," } };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Frame />
        {children}
      </body>
    </html>
  );
}
