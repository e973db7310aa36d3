/** A slow page: its server waits for a slow query of the API. */
import { readApi } from "@/lib/api";
import { price } from "@/lib/price";

export default async function SlowPage() {
  const year = await readApi<{ orders: number; total_cents: number }>("/slow");
  return (
    <section>
      <h1>The year in clay</h1>
      <p>
        {year.orders} orders, {price(year.total_cents)}. Counting them takes a while.
      </p>
    </section>
  );
}
