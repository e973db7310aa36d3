import type { GetServerSideProps } from "next";

export const getServerSideProps = (async ({ query }) => ({
  props: { id: String(query.id) },
})) satisfies GetServerSideProps;

export default function Product({ id }: { id: string }) {
  return (
    <main>
      <h1>Product {id}</h1>
    </main>
  );
}
