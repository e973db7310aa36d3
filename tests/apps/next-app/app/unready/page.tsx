/** Fails on the server, at each request. */
import { connection } from "next/server";

export default async function Unready() {
  await connection();
  throw new Error("the kiln of the server is cold");
}
