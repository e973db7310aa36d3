/** A page that breaks on demand. */
import { Breakages } from "./breakages";

export default function BrokenPage() {
  return (
    <section>
      <h1>The workshop</h1>
      <p>Every button here breaks something in its own way.</p>
      <Breakages />
    </section>
  );
}
