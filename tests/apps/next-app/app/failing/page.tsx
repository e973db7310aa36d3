import { Price } from "@/components/price";

export default function Failing() {
  return (
    <main>
      <h1>Failing</h1>
      <Price />
    </main>
  );
}
