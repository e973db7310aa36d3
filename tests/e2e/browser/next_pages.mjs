// A production build of an app with the Pages Router, below a base path: the load,
// a soft navigation and an error of a component are told, through Next.js itself.

import { withApp } from "./next_server.mjs";
import { scenario } from "./stage.mjs";

const [bundler] = process.argv.slice(2);

await scenario(async ({ context, sink, saw, equal, expect, origin: collector }) => {
  await withApp("next-pages", { bundler, collector: `${collector}/sightline` }, async ({ origin, buildSeconds }) => {
    saw.buildSeconds = buildSeconds;
    const page = await context.newPage();
    const errors = [];
    const messages = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.text().includes("Sightline") && messages.push(message.text()));
    await page.goto(`${origin}/shop`);
    const button = page.getByRole("button", { name: "Fill" });
    await page.waitForFunction(
      (element) => Object.keys(element).some((key) => key.startsWith("__reactProps")),
      await button.elementHandle(),
    );
    await page.evaluate(() => globalThis[Symbol.for("sightline.browser")].flush());
    await page.getByRole("link", { name: "Product 7" }).click();
    await page.getByRole("heading", { name: "Product 7" }).waitFor();
    await page.evaluate(() => globalThis.next.router.push("/products/8"));
    await page.getByRole("heading", { name: "Product 8" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Product 7" }).waitFor();
    await page.goBack();
    await button.click();
    await page.getByRole("alert").filter({ hasText: "Something went wrong" }).waitFor();
    const routes = () => sink.spans.filter(({ name }) => name.startsWith("navigation ")).map(({ attributes }) => attributes["url.path"]);
    await sink.until("four route changes", () => routes().length >= 4);
    await page.goto("about:blank");
    await sink.until("the error", () => sink.exceptions().length);
    await sink.until("vitals of the product", () =>
      sink.logs.some(({ attributes }) => attributes["url.template"] === "/shop/products/{id}"),
    );
    const seven = "/shop/products/7";
    equal(routes().sort(), ["/shop", seven, seven, "/shop/products/8"], "route changes, begun by clicks and by none");
    const [{ resource }] = sink.received;
    const named = ["service.name", "service.version", "deployment.environment.name"].map((name) => resource[name]);
    // The last of them by a file of the app's own.
    equal(named, ["pages", "0.1.0", "test"], "name, release, environment");
    equal(messages, [], "nobody complains of a second start");
    const load = sink.spans.find(({ name }) => name === "documentLoad");
    equal(load?.attributes["url.template"], "/shop", "the load");
    const [{ attributes }, ...more] = sink.exceptions();
    equal(attributes["exception.message"], "the shelf is full", "which error");
    expect(attributes["sightline.react.component_stack"]?.startsWith("at "), "from which components", attributes);
    equal(more, [], "told once");
    equal(errors, [], "no error of ours");
  });
});
