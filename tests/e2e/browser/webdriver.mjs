// Firefox and WebKit by WebDriver's commands, without further packages: Firefox
// takes them on a socket (Marionette), WebKit from its driver by HTTP. WebKit has
// no headless mode: GTK's own display server for browsers, which nobody opens,
// takes what it paints.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DEADLINE_MS = 20_000;
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Asks again until there is something. */
async function until(what, ask) {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    const found = await ask();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A connection, if something listens. */
const reach = (port) =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => done(socket)).on("error", () => done());
  });

function start(program, args, env, folder, children) {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, ...env } });
  const ended = new Promise((done) => child.on("close", done).on("error", done));
  children.push({ child, ended });
}

/** What a scenario does with a browser, by the commands' names. */
const driver = (command, end) => ({
  go: (url) => command("Navigate", { url }),
  /** Runs an async function as a script of the page, not as one of the driver's,
   * whose errors and globals are others. */
  async run(script) {
    const code = `(${script})().then((value) => ({ value }), (error) => ({ error: String(error) }))
      .then((result) => (document.documentElement.dataset.result = JSON.stringify(result)));`;
    const inject = "document.head.append(Object.assign(document.createElement('script'), { textContent: arguments[0] }));";
    await command("ExecuteScript", { script: inject, args: [code] });
    const take = "const { result } = document.documentElement.dataset; delete document.documentElement.dataset.result; return result ?? null;";
    const { value, error } = JSON.parse(await until("a script", () => command("ExecuteScript", { script: take, args: [] })));
    if (error) throw new Error(error);
    return value;
  },
  async click(selector) {
    const element = await command("FindElement", { using: "css selector", value: selector });
    await command("ElementClick", { id: element[ELEMENT] });
  },
  end,
});

/** Opens a browser, `firefox` or `webkit`, from this program. */
export async function open(name, program) {
  const folder = mkdtempSync(join(tmpdir(), "sightline-webdriver-"));
  const children = [];
  const end = async () => {
    for (const { child } of children) child.kill();
    for (const { ended } of children) await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return await { firefox, webkit }[name](program, folder, children, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function firefox(program, folder, children, end) {
  const port = await freePort();
  writeFileSync(join(folder, "user.js"), `user_pref("marionette.port", ${port});\n`);
  start(program, ["--headless", "--marionette", "--no-remote", "--profile", folder], {}, folder, children);
  const socket = await until("Firefox", () => reach(port));
  // Each message is its length, a colon, and JSON.
  const answers = new Map();
  let received = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
      const colon = received.indexOf(":");
      const last = colon + 1 + Number(received.subarray(0, colon));
      if (colon < 0 || received.length < last) return;
      const message = JSON.parse(received.subarray(colon + 1, last));
      received = received.subarray(last);
      // The first one greets.
      if (Array.isArray(message)) answers.get(message[1])(message);
    }
  });
  let last = 0;
  const send = (command, parameters) =>
    new Promise((done, fail) => {
      answers.set(++last, ([, , error, result]) => (error ? fail(new Error(`${command}: ${error.message}`)) : done("value" in result ? result.value : result)));
      const text = JSON.stringify([0, last, command, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  const command = (name, parameters) => send(`WebDriver:${name}`, parameters);
  await command("NewSession", {});
  return driver(command, async () => {
    await send("Marionette:Quit", { flags: ["eForceQuit"] });
    socket.destroy();
    await end();
  });
}

async function webkit(program, folder, children, end) {
  const [port, screen] = [await freePort(), await freePort()];
  const env = { GDK_BACKEND: "broadway", BROADWAY_DISPLAY: ":1", LIBGL_ALWAYS_SOFTWARE: "1" };
  start("broadwayd", [":1", "--address", "127.0.0.1", "--port", String(screen)], env, folder, children);
  (await until("the display", () => reach(screen))).destroy();
  start(program, [`--port=${port}`, "--host=127.0.0.1"], env, folder, children);
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.error} ${value.message}`);
    return value;
  };
  await until("WebKitWebDriver", () => ask("GET", "/status").catch(() => undefined));
  const { sessionId } = await ask("POST", "/session", { capabilities: {} });
  const session = `/session/${sessionId}`;
  const paths = {
    Navigate: () => "/url",
    ExecuteScript: () => "/execute/sync",
    FindElement: () => "/element",
    ElementClick: ({ id }) => `/element/${id}/click`,
  };
  return driver(
    (name, parameters) => ask("POST", session + paths[name](parameters), parameters),
    async () => {
      await ask("DELETE", session);
      await end();
    },
  );
}
