/** The frame around every page. */
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import "./shop.css";

/** Inline, so that the browser asks for no icon: every request of a visit is one that a person caused. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%23a4492a' d='M12 3h8c-1 3-2 5 0 7 4 3 6 6 6 10 0 5-4 9-10 9S6 25 6 20c0-4 2-7 6-10 2-2 1-4 0-7z'/%3E%3C/svg%3E";

export const metadata: Metadata = {
  title: "Clay & Line",
  description: "A small pottery shop that sells nothing.",
  icons: { icon: ICON },
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <header>
          <Link href="/" prefetch={false} className="brand">
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
