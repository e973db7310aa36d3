/** Home: every product, rendered on the server from the API. */
import Link from "next/link";
import { type Product, readApi } from "@/lib/api";
import { price } from "@/lib/price";

export default async function Home() {
  const products = await readApi<Product[]>("/products");
  return (
    <>
      <section className="hero">
        <div>
          <h1>Pots for every day</h1>
          <p>Thrown by hand, glazed in six colours, fired twice. Each piece is one of a kind.</p>
        </div>
        <img src="/images/hero.jpg" alt="Pots on a wooden table" width={960} height={480} fetchPriority="high" />
      </section>
      <ul className="products">
        {products.map((product) => (
          <li key={product.id}>
            <Link href={`/products/${product.id}`} prefetch={false}>
              <img src={`/images/${product.id}.jpg`} alt="" width={480} height={480} loading="lazy" />
              <strong>{product.name}</strong>
              <span>{product.stock > 0 ? price(product.price_cents) : "Sold out soon"}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
