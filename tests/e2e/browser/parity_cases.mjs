// What a person does on each page of tests/pages/parity, and which vitals both
// must tell of each of its views.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Until both measure. */
async function ready(page) {
  await page.waitForFunction(() => window.observed && document.readyState === "complete");
  await page.evaluate(() => sightline.flush());
}

async function visit(stage, file) {
  const page = await stage.open(`parity/${file.includes(".") ? file : `${file}.html`}`);
  await ready(page);
  return page;
}

const entries = (page, type, count) =>
  page.waitForFunction(([type, count]) => observed[type].length >= count, [type, count]);

/** Until the browser has told of a click on this, and both have heard. */
async function clicked(page, name = "click", count = 1) {
  await page.waitForFunction(
    ([name, count]) => observed.event.filter((entry) => entry.name === name).length >= count,
    [name, count],
  );
  await idle(page);
}
const idle = (page) => page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1000 })));

/** A visit in which something is done, and the page left by a link. */
const does = (file, act, expects) => ({
  expects,
  async act(stage) {
    const page = await visit(stage, file);
    await act(page, stage);
    await stage.leave(page);
    return page;
  },
});

const NO_INPUT = ["navigate: cls fcp lcp ttfb"];
const INPUT = ["navigate: cls fcp inp lcp ttfb"];

export const CASES = {
  "plain text, no interaction": does("text", () => {}, NO_INPUT),
  "late image": does("late_image", (page) => entries(page, "largest-contentful-paint", 2), NO_INPUT),
  "text, then an image": does("text_then_image", (page) => entries(page, "largest-contentful-paint", 2), NO_INPUT),
  "largest paint removed": does("removed", async (page) => {
    await entries(page, "largest-contentful-paint", 1);
    await page.evaluate(() => document.querySelector(".gone").remove());
    await entries(page, "layout-shift", 1);
  }, NO_INPUT),
  "iframe": does("iframe", (page) => entries(page, "layout-shift", 1), NO_INPUT),

  "slow input delay": does("inputs", async (page) => {
    await page.hover("#delay");
    await page.evaluate(() => busySoon(200));
    await page.mouse.down();
    await page.mouse.up();
    await clicked(page, "pointerdown");
  }, INPUT),
  "slow processing": does("inputs", async (page) => {
    await page.click(".work");
    await clicked(page);
  }, INPUT),
  "slow presentation": does("inputs", async (page) => {
    await page.click("#paint");
    await clicked(page);
  }, INPUT),
  "quick interaction": does("text", async (page) => {
    await page.click("#only");
    await entries(page, "first-input", 1);
    await idle(page);
  }, INPUT),
  "keyboard": does("inputs", async (page) => {
    await page.focus("#field");
    await page.keyboard.press("a");
    await clicked(page, "keydown");
  }, INPUT),
  "60 interactions": does("inputs", async (page) => {
    await page.evaluate(() => (window.slowness = [60, 250, 60, 190, 130]));
    for (let at = 0; at < 60; at++) {
      await page.click("#quick");
      await clicked(page, "click", at + 1);
    }
  }, INPUT),

  "shifts in and out of a window": does("shifts", (page) => entries(page, "layout-shift", 3), NO_INPUT),
  "shifts for longer than a window": does("long_window", (page) => entries(page, "layout-shift", 8), NO_INPUT),
  "shift after input": does("after_input", async (page) => {
    await page.click("#more");
    await entries(page, "layout-shift", 1);
    await page.evaluate(() => shiftLater());
    await entries(page, "layout-shift", 2);
  }, INPUT),

  "opened in the background": does("hidden_meanwhile.html?opened", async (page) => {
    await entries(page, "largest-contentful-paint", 1);
    await page.evaluate(() => look("visible"));
    await page.evaluate(() => (delete document.visibilityState, delete document.hidden));
  }, ["navigate: ttfb"]),
  "hidden before the largest paint": does("hidden_meanwhile", async (page) => {
    await entries(page, "largest-contentful-paint", 1);
    await page.evaluate(() => look("hidden"));
    await page.evaluate(() => look("visible"));
    await page.evaluate(() => (place.innerHTML = '<img width="600" height="400" src="/api/image/0/0">'));
    await entries(page, "largest-contentful-paint", 2);
    await page.evaluate(() => (delete document.visibilityState, delete document.hidden));
  }, NO_INPUT),
  "left before the load event": {
    // The first byte is known, so we tell it; web-vitals waits for the load.
    expects: ["navigate: cls fcp lcp"],
    ours: NO_INPUT,
    async act(stage) {
      const page = await stage.context.newPage();
      await page.goto(`${stage.origin}/parity/slow_load.html`, { waitUntil: "commit" });
      await page.waitForFunction(() => window.observed?.["largest-contentful-paint"].length);
      await page.evaluate(() => sightline.flush());
      await stage.leave(page);
      return page;
    },
  },
  "reload": {
    expects: ["navigate: cls fcp lcp ttfb", "reload: cls fcp lcp ttfb"],
    async act(stage) {
      const page = await visit(stage, "text");
      await page.reload();
      await ready(page);
      await stage.leave(page);
      return page;
    },
  },
  "back/forward without the cache": {
    expects: ["navigate: cls fcp lcp ttfb", "back-forward: cls fcp lcp ttfb"],
    async act(stage) {
      const page = await visit(stage, "text");
      // An open connection keeps a page out of the cache.
      await page.evaluate(() => addEventListener("unload", () => {}));
      await stage.leave(page);
      await page.evaluate(() => history.back());
      await page.waitForFunction(() => window.observed);
      await ready(page);
      await stage.leave(page);
      return page;
    },
  },
  "restored from the back/forward cache": {
    expects: [...INPUT, "back-forward-cache: cls fcp inp lcp ttfb"],
    async act(stage) {
      const page = await visit(stage, "after_input");
      await page.click("#more");
      await entries(page, "layout-shift", 1);
      await page.evaluate(() => shiftLater());
      await entries(page, "layout-shift", 2);
      await stage.leave(page);
      await page.evaluate(() => history.back());
      await page.waitForFunction(() => window.restored);
      await page.evaluate(() => shiftLater());
      await entries(page, "layout-shift", 3);
      await page.click("#more");
      await entries(page, "layout-shift", 4);
      await idle(page);
      await stage.leave(page);
      return page;
    },
  },
  "restored twice, untouched": {
    expects: [...NO_INPUT, "back-forward-cache: cls fcp lcp ttfb", "back-forward-cache: cls fcp lcp ttfb"],
    async act(stage) {
      const page = await visit(stage, "text");
      for (let times = 0; times < 2; times++) {
        await stage.leave(page);
        await page.evaluate(() => history.back());
        await page.waitForFunction(() => window.restored);
        await page.evaluate(() => (window.restored = false));
      }
      await stage.leave(page);
      return page;
    },
  },
  "soft navigations": does("soft", async (page) => {
    await page.click("#work");
    await clicked(page);
    for (const [link, count] of [["#to", 1], ["#cart", 2]]) {
      await page.click(link);
      await entries(page, "soft-navigation", count);
      await clicked(page, "click", 2 * count);
      await page.evaluate((px) => shiftLater(px), 20 * count);
      await page.waitForFunction(
        (count) => observed["layout-shift"].filter((entry) => !entry.hadRecentInput).length >= count,
        count,
      );
      await page.click("#work");
      await clicked(page, "click", 2 * count + 1);
    }
  }, [...INPUT, "soft-navigation: cls fcp inp lcp ttfb", "soft-navigation: cls fcp inp lcp ttfb"]),
  "prerendered": {
    expects: ["prerender: cls fcp lcp ttfb"],
    async act({ origin, sink, seen }) {
      // No driver: a browser that is watched does not prerender.
      const profile = mkdtempSync(join(tmpdir(), "sightline-prerender-"));
      const browser = spawn(process.env.SIGHTLINE_CHROMIUM, [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--remote-debugging-port=0", `--user-data-dir=${profile}`, `${origin}/parity/prerenders.html`,
      ], { stdio: "ignore", detached: true });
      const ended = new Promise((resolve) => browser.once("exit", resolve));
      try {
        await sink.until("what the prerendered page tells", () => {
          const told = sink.logs.map(({ attributes }) => attributes["browser.web_vital.name"]);
          return ["cls", "lcp"].every((name) => told.includes(name)) && seen.filter(({ path }) => path === "/api/theirs").length >= 4;
        });
      } finally {
        process.kill(-browser.pid, "SIGKILL");
        await ended;
        rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      }
    },
  },
};
