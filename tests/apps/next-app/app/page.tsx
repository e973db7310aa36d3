import Link from "next/link";

export default function Home() {
  return (
    <main>
      <h1>Home</h1>
      <Link href="/products/7">Product 7</Link> <Link href="/failing">Failing</Link> <Link href="/guarded">Guarded</Link>
    </main>
  );
}
