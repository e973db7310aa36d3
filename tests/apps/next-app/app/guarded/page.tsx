import { Guard } from "@/components/guard";

export default function Guarded() {
  return (
    <main>
      <h1>Guarded</h1>
      <Guard />
    </main>
  );
}
