/** The frame around every page. */
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import "./shop.css";

export const metadata: Metadata = { title: "Clay & Line", description: "A small pottery shop that sells nothing." };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <header>
          <Link href="/" className="brand">
            Clay &amp; Line
          </Link>
          <nav>
            <Link href="/slow" prefetch={false}>
              Yearbook
            </Link>
            <Link href="/broken" prefetch={false}>
              Workshop
            </Link>
            <Link href="/cart" prefetch={false}>
              Cart
            </Link>
          </nav>
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
