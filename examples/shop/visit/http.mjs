/**
 * The visit without a browser: the same pages and calls by plain requests. What only a page's scripts
 * can do is left out: vitals, the uncaught error, the rejection. Here the client is the script itself,
 * so it is the script that starts the trace of the paid checkout.
 */
import { randomBytes } from "node:crypto";

/** How long an answer may take. */
const PATIENCE_MS = 15_000;

export async function visitByHttp(visit, step) {
  let cookie = null;

  async function request(method, path, status, body, headers = {}) {
    const response = await fetch(visit.baseUrl + path, {
      method,
      headers: {
        ...headers,
        ...(cookie && { cookie }),
        ...(body && { "content-type": "application/json" }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.arrayBuffer();
    visit.responses.push({ method, path, status: response.status });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    if (response.status !== status) throw new Error(`${path} answered ${response.status} instead of ${status}`);
    return { url: visit.baseUrl + path };
  }

  const open = (path) => request("GET", path, 200);
  const add = (productId) => request("POST", "/api/cart/items", 201, { product_id: productId });
  const pay = (status, body, headers) =>
    request("POST", "/api/checkout", status, { card_number: "4242424242424242", ...body }, headers);

  async function putIntoCart(productId) {
    await open("/");
    await open(`/products/${productId}`);
    await add(productId);
    await open("/cart");
    await open("/checkout");
  }

  await step("home", () => open("/"));
  await step("product", () => open("/products/2"));
  await step("add-to-cart", () => add(2));
  await step("cart", () => open("/cart"));
  await step("one-more", () => add(2));
  await step("pay", async () => {
    await open("/checkout");
    const traceId = randomBytes(16).toString("hex");
    const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
    const entry = await pay(200, {}, { traceparent });
    visit.checkout = { status: 200, traceparent, traceId };
    return entry;
  });
  await step("sold-out", async () => {
    await putIntoCart(6);
    return pay(409);
  });
  await step("remove", async () => {
    await open("/cart");
    return request("DELETE", "/api/cart/items/6", 200);
  });
  await step("declined", async () => {
    await putIntoCart(3);
    return pay(402, { card_number: "4000000000000002" });
  });
  await step("coupon-boom", () => pay(500, { coupon: "BOOM" }));
  await step("slow", () => open("/slow"));
  await step("broken", () => open("/broken"));
  await step("failing-fetch", () => request("GET", "/api/broken", 500));
}
