// Small applications as the public templates make them, each a way to have the SDK:
// by modules, by a script tag from here and from elsewhere, by Vite. Each tells its
// load, its vitals, a call with the trace that went along, and an error. The
// script's argument is the way.
//
// Environment: SIGHTLINE_VITE_APP, a folder whose node_modules has what
// tests/apps/vite-react asks for.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { scenario } from "./stage.mjs";

const [way] = process.argv.slice(2);
const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const apps = join(repository, "tests", "apps");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/** Where the app is, once it is there. */
const WAYS = {
  "import-map": () => "apps/module/index.html",
  relative: () => "apps/module/relative.html",
  script: () => "apps/script/index.html",
  elsewhere,
  vite,
};

/** The script tag's file from another origin, by a name with a hash, vouched for,
 * under a policy that allows no more than it needs. */
async function elsewhere({ context, origin, foreign }) {
  const code = readFileSync(join(repository, "browser-sdk", "npm", "dist", "sightline.js"));
  const hash = createHash("sha384").update(code).digest("base64");
  const address = `${foreign}/cdn/sightline-${hash.slice(0, 8).replace(/\W/g, "")}.js`;
  const headers = { "content-type": "text/javascript", "access-control-allow-origin": "*" };
  await context.route(address, (route) => route.fulfill({ headers, body: code }));
  const page = readFileSync(join(apps, "script", "index.html"), "utf8");
  const tag = `src="${address}" integrity="sha384-${hash}" crossorigin="anonymous"`;
  const body = page.replace('src="/sdk/sightline.js"', tag).replaceAll("<script>", '<script nonce="page">');
  const policy = `default-src 'none'; connect-src 'self'; img-src data:; script-src ${address} 'nonce-page' 'wasm-unsafe-eval'`;
  await context.route(`${origin}/elsewhere.html`, (route) =>
    route.fulfill({ headers: { "content-type": "text/html", "content-security-policy": policy }, body }),
  );
  return "elsewhere.html";
}

/** A production build, types checked, with the package as it is packed. */
async function vite({ context, origin, saw, expect }) {
  const installed = process.env.SIGHTLINE_VITE_APP;
  // Below what is installed: there its imports are found.
  const folder = mkdtempSync(join(installed, "run-"));
  try {
    cpSync(join(apps, "vite-react"), folder, { recursive: true });
    const own = join(folder, "node_modules", "@sightline", "browser");
    mkdirSync(own, { recursive: true });
    const packed = join(repository, "dist", "npm");
    const tarball = readdirSync(packed).find((file) => file.endsWith(".tgz"));
    execFileSync("tar", ["-xzf", join(packed, tarball), "-C", own, "--strip-components=1"]);
    const modules = join(installed, "node_modules");
    for (const tool of [["typescript/bin/tsc", "-b"], ["vite/bin/vite.js", "build", "--logLevel", "warn"]]) {
      const [program, ...args] = tool;
      const said = execFileSync(process.execPath, [join(modules, program), ...args], { cwd: folder, encoding: "utf8" });
      expect(!said.trim(), `${program} has nothing to say`, said);
    }
    const files = readdirSync(join(folder, "dist"), { recursive: true });
    saw.files = files.filter((file) => extname(file));
    for (const file of saw.files) {
      const body = readFileSync(join(folder, "dist", file));
      const answer = { contentType: TYPES[extname(file)], body };
      await context.route(`${origin}/${file}`, (route) => route.fulfill(answer));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return "index.html";
}

await scenario(async (stage) => {
  const { open, leave, sink, seen, saw, origin, equal } = stage;
  const page = await open(await WAYS[way](stage));
  await page.click("button");
  await sink.until("the call", () => seen.length);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("/api/")));
  await leave(page);
  const of = (name) => sink.spans.find((span) => span.name === name);
  await sink.until("all of it", () => of("documentLoad") && of("GET /api/items/{id}") && sink.exceptions().length && sink.vitals().cls);
  const span = of("GET /api/items/{id}");
  equal(seen[0].headers.traceparent?.split("-").slice(1, 3), [span.traceId, span.spanId], "its trace went along");
  equal(span.attributes["url.full"], `${origin}/api/items/42?token=REDACTED`, "the call");
  const [{ attributes }] = sink.exceptions();
  equal([attributes["exception.type"], attributes["exception.message"]], ["RangeError", "sold out"], "the error");
  equal(Object.keys(sink.vitals()).sort(), ["cls", "fcp", "inp", "lcp", "ttfb"], "the vitals");
  // Only the page's own error, and nothing that a policy forbade.
  equal(page.errors, ["RangeError: sold out"], "no error of ours");
  equal(page.messages.filter(([type]) => type !== "log"), [], "a quiet console");
  saw.service = sink.received[0].resource["service.name"];
});
