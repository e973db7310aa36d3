// What the browser reports of a page: resources that could not be loaded, policies
// that were violated, frames that kept people waiting. By option the console,
// resources, and clicks in anger or without effect.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, sink, saw, equal, expect }) => {
  const events = (name, from = 0) => sink.logs.slice(from).filter(({ eventName }) => eventName === name).map(({ attributes }) => attributes);
  const open_ = (more) =>
    open("watched.html", {
      script: "window.nativeError = console.error",
      options: { serviceName: "shop-browser", ...more },
      headers: { "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; img-src 'self'" },
    });
  const visit = async (page) => {
    await page.waitForFunction(() => window.sightline);
    await page.evaluate(() => sightline.flush());
    // Without options nobody listens to the console.
    await page.evaluate(() => {
      const image = document.body.appendChild(new Image());
      image.src = "http://127.0.0.1:1/forbidden.png";
      console.warn("a warning for ada@example.org");
      console.error("said %s", "aloud");
      console.error(new SyntaxError("logged"));
    });
    await page.click("#block");
    await page.waitForFunction(() => window.blocked);
    // Three within a second, though the machine may be slow.
    await page.evaluate(() => {
      window.clicked = [];
      document.querySelector("#alive").addEventListener("click", ({ timeStamp }) => clicked.push(timeStamp));
    });
    while (!(await page.evaluate(() => clicked.length > 2 && clicked.at(-1) - clicked.at(-3) < 1000))) await page.click("#alive");
    await page.click("#dead");
    await page.waitForFunction(() => performance.getEntriesByType("long-animation-frame").length);
  };

  const page = await open_();
  await visit(page);
  await leave(page);
  await sink.until("its vitals", () => sink.vitals().cls);
  await sink.until("the policy's violation", () => events("browser.report").length);
  await sink.until("a long frame", () => events("browser.long_animation_frame").some((one) => one["browser.long_animation_frame.duration"] >= 290));
  const told = sink.exceptions().map(({ attributes }) => [attributes["exception.type"], attributes["exception.message"].replace(/127.0.0.1:\d+/, ""), attributes["sightline.exception.source"]]);
  saw.told = told;
  equal(told, [
    ["ResourceError", "script http:///missing-module.js?token=REDACTED", "resource"],
    ["ResourceError", "img http:///missing.png?token=REDACTED", "resource"],
    ["ResourceError", "img http:///forbidden.png", "resource"],
  ].filter(([, message]) => told.some(([, other]) => other === message)), "what could not be loaded, and nothing else");
  expect(told.length >= 2, "more than one of them", told);
  const [report, ...more] = events("browser.report");
  equal(more, [], "a violation is told once");
  equal([report["sightline.report.type"], report["sightline.report.message"]], ["csp-violation", "img-src"], "which policy");
  expect(/:1\/forbidden.png/.test(report["sightline.report.blocked_url"]), "what it forbade", report);
  const frames = events("browser.long_animation_frame");
  saw.frames = frames;
  const frame = frames.find((one) => one["browser.long_animation_frame.duration"] >= 290);
  expect(frame, "the frame that blocked", frames);
  expect(frame["browser.long_animation_frame.blocking_duration"] >= 200, "and for how long", frame);
  equal(frame["browser.long_animation_frame.script.invoker"], "BUTTON#block.onclick", "and who");
  for (const name of ["browser.console", "browser.resource_timing", "browser.user_action.rage_click", "browser.user_action.dead_click"]) {
    equal(events(name), [], `${name} only by option`);
  }

  const from = sink.logs.length;
  const watched = await open_({ console: true, resources: true, clicks: true });
  await watched.waitForFunction(() => window.sightline);
  await watched.evaluate(() => sightline.flush());
  await watched.waitForFunction(() => console.error !== nativeError);
  await visit(watched);
  // Known after two seconds only, on a page that is still there.
  await sink.until("a dead click", () => events("browser.user_action.dead_click", from).length);
  await leave(watched);
  await sink.until("its vitals", () => sink.logs.slice(from).some(({ attributes }) => attributes["browser.web_vital.name"] === "cls"));
  saw.console = events("browser.console", from);
  equal(saw.console.map((one) => one["browser.console.message"]), ["said %s aloud"], "what was said");
  const logged = sink.exceptions().find(({ attributes }) => attributes["exception.message"] === "logged").attributes;
  equal(logged["sightline.exception.source"], "console", "an error on the console");
  expect(logged["sightline.breadcrumbs"].some((line) => line.endsWith("console.warn a warning for REDACTED")), "and what was said before", logged["sightline.breadcrumbs"]);
  equal(events("browser.user_action.dead_click", from).map((one) => one["sightline.interaction.target"]), ["#dead"], "a click without effect");
  equal(events("browser.user_action.rage_click", from).map((one) => one["sightline.interaction.target"]), ["#alive"], "clicks in anger");
  const resources = events("browser.resource_timing", from);
  saw.resources = resources;
  const script = resources.find((one) => one["url.full"].endsWith("/start.js"));
  equal(script["browser.resource_timing.initiator_type"], "script", "a resource");
  expect(script["browser.resource_timing.duration"] >= 0, "and how long it took", script);
  expect(!resources.some((one) => one["url.full"].includes("/sightline/")), "none of ours");
});
