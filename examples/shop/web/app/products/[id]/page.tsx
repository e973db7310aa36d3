/** One product. */
import { notFound } from "next/navigation";
import { callApi, type Product } from "@/lib/api";
import { price } from "@/lib/price";
import { AddToCart } from "./add-to-cart";

export default async function ProductPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const answer = await callApi(`/products/${encodeURIComponent(id)}`);
  if (answer.status === 404 || answer.status === 422) notFound();
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  const product = (await answer.json()) as Product;
  return (
    <article className="product">
      <img src={`/images/${product.id}.jpg`} alt={product.name} width={480} height={480} fetchPriority="high" />
      <div>
        <h1>{product.name}</h1>
        <p>{product.about}</p>
        <p className="price">{price(product.price_cents)}</p>
        <AddToCart productId={product.id} />
      </div>
    </article>
  );
}
