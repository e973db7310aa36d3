import Link from "next/link";
import { useState } from "react";

function Shelf({ full }: { full: boolean }) {
  if (full) throw new RangeError("the shelf is full");
  return <p>There is room.</p>;
}

export default function Home() {
  const [full, setFull] = useState(false);
  return (
    <main>
      <h1>Home</h1>
      <Link href="/products/7">Product 7</Link>
      <Shelf full={full} />
      <button onClick={() => setFull(true)}>Fill</button>
    </main>
  );
}
