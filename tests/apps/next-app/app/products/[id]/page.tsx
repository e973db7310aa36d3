import { Stock } from "@/components/stock";

export default async function Product({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <main>
      <h1>Product {id}</h1>
      <Stock id={id} />
    </main>
  );
}
