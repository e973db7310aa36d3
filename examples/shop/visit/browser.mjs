/**
 * The visit in Chromium, as a person would walk it: clicks, not calls. Every wait is for something
 * that the page shows or answers.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long a page may take to show what a step waits for. */
const PATIENCE_MS = 15_000;
const TELEMETRY_PREFIX = "/sightline/";

export async function visitByBrowser(visit, step, { chromium, playwright, screenshots }) {
  const require = createRequire(pathToFileURL(join(playwright, "visit.js")));
  const browser = await require("playwright-core").chromium.launch({
    executablePath: chromium,
    args: CHROMIUM_FLAGS,
  });
  try {
    visit.browser = browser.version();
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const telemetry = await listen(page, visit);
    await walk(page, visit, step, telemetry, screenshots);
  } finally {
    await browser.close();
  }
}

/** Notes what the page says, and each answer of the shop that came over the network. */
async function listen(page, visit) {
  const pathOf = (url) => (url.startsWith(`${visit.baseUrl}/`) ? new URL(url).pathname : null);
  page.on("console", (message) => {
    if (message.type() === "error") visit.consoleErrors.push(message.text());
  });
  page.on("pageerror", (error) => visit.pageErrors.push(`${error.name}: ${error.message}`));

  // The protocol itself tells an answer of the server from one out of the browser's cache.
  const protocol = await page.context().newCDPSession(page);
  const requests = new Map();
  await protocol.send("Network.enable");
  protocol.on("Network.requestWillBeSent", ({ requestId, request }) => requests.set(requestId, request));
  protocol.on("Network.requestServedFromCache", ({ requestId }) => requests.delete(requestId));
  protocol.on("Network.responseReceived", ({ requestId, response }) => {
    const request = requests.get(requestId);
    const path = request && pathOf(request.url);
    if (!path || path.startsWith(TELEMETRY_PREFIX) || response.fromDiskCache) return;
    visit.responses.push({ method: request.method, path, status: response.status });
  });

  const telemetry = new Set();
  page.on("request", (request) => {
    if (pathOf(request.url())?.startsWith(TELEMETRY_PREFIX)) telemetry.add(request);
  });
  page.on("requestfinished", (request) => telemetry.delete(request));
  page.on("requestfailed", (request) => telemetry.delete(request));
  // How the posts of a page end that is gone is not always shown; the browser sends them before it ends.
  page.on("domcontentloaded", () => telemetry.clear());
  return {
    /** Resolves when no post of this page is on its way. */
    async delivered() {
      for (const request of telemetry) await request.response();
    },
  };
}

async function walk(page, visit, step, telemetry, screenshots) {
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
  const link = (name) => page.getByRole("link", { name }).click();
  const button = (name) => page.getByRole("button", { name });
  const says = (role, text) => page.getByRole(role).filter({ hasText: text }).waitFor();

  /** A step whose page is on show afterwards. */
  const show = (name, walkIt) =>
    step(name, async () => {
      await walkIt();
      const entry = { url: page.url() };
      if (screenshots) {
        entry.screenshot = join(screenshots, `${name}.png`);
        await page.screenshot({ path: entry.screenshot });
      }
      return entry;
    });

  /** A click that makes the page call the server; gives the answer, which must have this status. */
  async function clickAndHear(name, method, path, status) {
    const [response] = await Promise.all([
      page.waitForResponse((got) => got.request().method() === method && new URL(got.url()).pathname === path),
      button(name).click(),
    ]);
    if (response.status() !== status) throw new Error(`${path} answered ${response.status()} instead of ${status}`);
    return response;
  }

  async function open(path, title) {
    await page.goto(visit.baseUrl + path);
    await heading(title);
  }

  /** By links, as soft navigations: home, the product, its button. */
  async function putIntoCart(product) {
    await link("Clay & Line");
    await link(product);
    await heading(product);
    await clickAndHear("Add to cart", "POST", "/api/cart/items", 201);
    await says("status", "your cart");
  }

  async function goToCheckout() {
    await link("your cart");
    await heading("Your cart");
    await link("Check out");
    await heading("Check out");
  }

  await show("home", () => open("/", "Pots for every day"));
  await show("product", async () => {
    await link("Harbour vase");
    await heading("Harbour vase");
  });
  await show("add-to-cart", async () => {
    await clickAndHear("Add to cart", "POST", "/api/cart/items", 201);
    await says("status", "your cart");
  });
  await show("cart", async () => {
    await link("your cart");
    await heading("Your cart");
  });
  await show("one-more", async () => {
    await clickAndHear("One more Harbour vase", "POST", "/api/cart/items", 201);
    await page.getByText("2 × Harbour vase").waitFor();
  });
  await show("pay", async () => {
    await link("Check out");
    await heading("Check out");
    const response = await clickAndHear("Pay", "POST", "/api/checkout", 200);
    await says("status", "is placed");
    const traceparent = (await response.request().allHeaders()).traceparent ?? null;
    visit.checkout = { status: response.status(), traceparent, traceId: traceparent?.split("-")[1] ?? null };
  });
  await show("sold-out", async () => {
    await putIntoCart("Moon lamp");
    await goToCheckout();
    await clickAndHear("Pay", "POST", "/api/checkout", 409);
    await says("alert", "out of stock");
  });
  await show("remove", async () => {
    await link("Cart");
    await heading("Your cart");
    await clickAndHear("Remove Moon lamp", "DELETE", "/api/cart/items/6", 200);
    await page.getByText("Nothing in it yet.").waitFor();
  });
  await show("declined", async () => {
    await putIntoCart("Noodle bowl");
    await goToCheckout();
    await page.getByLabel("Card").selectOption({ label: "Test card that is declined" });
    await clickAndHear("Pay", "POST", "/api/checkout", 402);
    await says("alert", "declined");
  });
  await show("coupon-boom", async () => {
    await page.getByLabel("Card").selectOption({ label: "Test card that pays" });
    await page.getByLabel("Coupon").fill("BOOM");
    await clickAndHear("Pay", "POST", "/api/checkout", 500);
    await says("alert", "could not take your order");
  });
  await show("slow", () => open("/slow", "The year in clay"));
  await show("broken", async () => {
    await open("/broken", "The workshop");
    // A click before hydration would be lost: React marks what it has taken over.
    const takenOver = (element) => Object.keys(element).some((key) => key.startsWith("__reactProps"));
    await page.waitForFunction(takenOver, await button("Throw").elementHandle());
  });
  await show("throw", () => Promise.all([page.waitForEvent("pageerror"), button("Throw").click()]));
  await show("reject", () => Promise.all([page.waitForEvent("pageerror"), button("Reject").click()]));
  await show("failing-fetch", async () => {
    await clickAndHear("Fetch a 500", "GET", "/api/broken", 500);
    await says("status", "answered 500");
  });
  await step("leave", async () => {
    await telemetry.delivered();
    await page.goto("about:blank");
    return { url: page.url() };
  });
}
