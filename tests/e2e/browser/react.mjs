// React's errors are told once each, whoever sees them, and everybody else still
// hears of them: the page's own listeners, the console.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { scenario } from "./stage.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const npm = join(repository, "browser-sdk", "npm");
const { build } = createRequire(join(npm, "package.json"))("esbuild");

await scenario(async ({ context, open, leave, sink, saw, equal }) => {
  const { outputFiles } = await build({
    entryPoints: [join(repository, "tests", "pages", "react_app.tsx")],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    minify: true,
    write: false,
    alias: { "@sightline/browser/react": join(npm, "dist", "react.js") },
    nodePaths: [join(npm, "node_modules")],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  await context.route("**/react_app.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: Buffer.from(outputFiles[0].contents) }),
  );
  const page = await open("react.html");
  await page.getByText("as the page has it").waitFor();
  const click = (name) => page.getByRole("button", { name, exact: true }).click();
  await click("hook of guarded");
  await click("guarded");
  await page.getByText("fallback").waitFor();
  for (const name of ["bare", "text"]) await Promise.all([page.waitForEvent("pageerror"), click(name)]);
  await leave(page);
  await sink.until("five errors", () => sink.exceptions().length >= 5);
  const told = sink.exceptions().map(({ attributes }) => [
    attributes["exception.type"],
    /#418/.test(attributes["exception.message"]) ? "hydration" : attributes["exception.message"],
    !!attributes["sightline.react.component_stack"],
  ]);
  saw.told = told;
  equal(
    told.sort(),
    [
      ["Error", "hydration", true],
      ["EvalError", "by the hook", false],
      ["RangeError", "for the boundary", true],
      ["SyntaxError", "for nobody", true],
      // Nobody would know again that it is the one which the window tells.
      ["string", "a text", false],
    ],
    "each once, with the components it came from",
  );
  equal(page.errors.length, 3, "what no boundary caught, and what React got over, reached the window");
  const logged = page.messages.filter(([type, text]) => type === "error" && text.includes("for the boundary"));
  equal(logged.length, 1, "what the boundary caught is in the console, once");
});
