// A production build of an app with the App Router, by the bundler that is named:
// vitals, soft navigations, API calls and errors of all kinds are told, through
// Next.js itself, and no source map is served. What `cargo xtask symbolicate` needs
// is left in the folder that is named second.

import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withApp } from "./next_server.mjs";
import { scenario } from "./stage.mjs";

const [bundler, kept] = process.argv.slice(2);

await scenario(async ({ context, sink, saw, expect, equal, origin: collector }) => {
  await withApp("next-app", { bundler, collector: `${collector}/sightline` }, async ({ origin, dir, buildSeconds }) => {
    saw.buildSeconds = buildSeconds;
    const heading = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();
    const button = (page, name) => page.getByRole("button", { name });
    const open = async (path) => {
      const page = await context.newPage();
      page.loaded = [];
      page.messages = [];
      page.on("response", (response) => page.loaded.push([new URL(response.url()).pathname, response.status()]));
      page.on("console", (message) => page.messages.push(message.text()));
      await page.goto(origin + path);
      // A click before hydration would be lost: React marks what it has taken over.
      await page.waitForFunction(() =>
        Object.keys(document.querySelector("button")).some((key) => key.startsWith("__reactProps")),
      );
      return page;
    };
    const told = (type) => sink.exceptions().filter(({ attributes }) => attributes["exception.type"] === type);

    // The page, a soft navigation, a call of the API.
    const page = await open("/");
    await page.evaluate(() => globalThis[Symbol.for("sightline.browser")].flush());
    await page.getByRole("link", { name: "Product 7" }).click();
    await heading(page, "Product 7");
    await button(page, "Stock").click();
    const heard = await page.getByRole("status").textContent();
    // A transition that no click led to, which only the router tells.
    await page.evaluate(() => globalThis.next.router.push("/products/8"));
    await heading(page, "Product 8");
    const transitions = () =>
      sink.spans.filter(({ name }) => name === "navigation /products/{id}").map(({ attributes }) => attributes["url.path"]);
    await sink.until("both transitions", () => transitions().length >= 2);
    await page.goto("about:blank");
    equal(transitions().sort(), ["/products/7", "/products/8"], "each transition once");
    const vital = (template, type) =>
      sink.logs.some(
        ({ eventName, attributes }) =>
          eventName === "browser.web_vital" &&
          attributes["url.template"] === template &&
          attributes["browser.web_vital.navigation_type"] === type,
      );
    await sink.until("vitals of the page and of the route", () => vital("/", "navigate") && vital("/products/{id}", "soft-navigation"));
    const call = () => sink.spans.find(({ name }) => name === "GET /api/products/{id}");
    await sink.until("the call", call);
    equal(heard.split("-").slice(1, 3), [call().traceId, call().spanId], "the API was asked in the call's trace");
    const load = sink.spans.find(({ name }) => name === "documentLoad");
    equal(load?.attributes["url.template"], "/", "the load is told");
    const [{ resource }] = sink.received;
    equal([resource["service.name"], resource["service.version"]], ["next-app", "0.1.0"], "the app's name and release");

    // On the server it renders, and does nothing.
    const html = await (await fetch(`${origin}/guarded`)).text();
    expect(html.includes("The lid is off."), "the server renders what is within a boundary", html);
    equal((await (await fetch(`${origin}/api/products/7`)).json()).started, false, "nothing is started on the server");

    // The policy of the app's own headers lets the engine run as wasm.
    const paths = page.loaded.map(([path]) => path);
    expect(paths.some((path) => path.endsWith(".wasm")), "the engine is loaded", paths);
    equal(page.messages.filter((text) => /content security|sightline/i.test(text)), [], "nobody complains");
    // Maps are kept and not served.
    const scripts = paths.filter((path) => path.endsWith(".js"));
    expect(scripts.length > 3, "scripts are loaded", paths);
    for (const script of scripts) {
      const text = await (await fetch(origin + script)).text();
      const [, named] = /\/\/# sourceMappingURL=(\S+)/.exec(text) ?? [];
      const map = named ? new URL(named, origin + script).href : `${origin}${script}.map`;
      equal((await fetch(map)).status, 404, `${map} is not served`);
      expect(!named || /\/\/# debugId=[0-9a-f-]{36}/.test(text), `${script} has a debug id`);
    }
    const files = readdirSync(join(dir, ".next"), { recursive: true });
    equal(files.filter((file) => /^static.*\.map$/.test(file)), [], "no map beside what is served");

    // An error of a component, for error.tsx.
    const failing = await open("/failing");
    await button(failing, "1200 cents, 1200 for the last").click();
    await failing.getByRole("alert").filter({ hasText: "Something went wrong" }).waitFor();
    await leave(failing, "TypeError", "/failing");
    await failing.close();
    const [caught] = told("TypeError");
    // Webpack leaves no ids where a page could find them; scripts' names are hashes.
    const ids = caught.attributes["sightline.debug_ids"] ?? "";
    equal(/^[0-9a-f-]{36} http\S+\.js$/m.test(ids), bundler === "turbopack", "debug ids of the scripts in its stack");
    // It is still so in React's log, once, as without us.
    equal(failing.messages.filter((text) => text.includes("reading 'cents'")).length, 1, "React logs it");

    // One of the server: what the page may know of it.
    const unready = await open("/unready");
    await unready.getByRole("alert").filter({ hasText: "Something went wrong" }).waitFor();
    await leave(unready, "Error", "/unready");
    const { "exception.message": message, "sightline.next.digest": digest } = told("Error")[0].attributes;
    expect(/^\d+$/.test(digest) && !message.includes("kiln"), "a digest, by which the server's log names it", { digest, message });

    // One for a boundary, which can be reset.
    const guarded = await open("/guarded");
    await button(guarded, "Tighten").click();
    await guarded.getByRole("alert").filter({ hasText: "the lid does not come off" }).waitFor();
    await button(guarded, "Again").click();
    await guarded.getByText("The lid is off.").waitFor();
    await leave(guarded, "RangeError", "/guarded");
    const stack = told("RangeError")[0].attributes["sightline.react.component_stack"];
    expect(/^at \S+ \(.*\.js:\d+:\d+\)\n/.test(stack), "the components that it came from", stack);

    // One of the layout, for global-error.tsx.
    const frame = await open("/guarded?again");
    await button(frame, "Break the frame").click();
    await frame.getByRole("alert").filter({ hasText: "Something went wrong" }).waitFor();
    expect(await button(frame, "Tighten").count() === 0, "the page is replaced as a whole");
    await leave(frame, "TypeError", "/guarded", 2);
    equal(told("TypeError")[1].attributes["exception.message"], "the frame is broken", "which");

    if (kept) {
      cpSync(join(dir, ".next", "sightline", "maps"), join(kept, "maps"), { recursive: true });
      writeFileSync(join(kept, "stack.txt"), caught.attributes["exception.stacktrace"]);
    }

    async function leave(page, type, path, count = 1) {
      await page.goto("about:blank");
      await sink.until(`the ${type}`, () => told(type).length >= count);
      equal(told(type).length, count, `${type}: told once`);
      equal(told(type).at(-1).attributes["url.path"], path, "where");
    }
  });
});
