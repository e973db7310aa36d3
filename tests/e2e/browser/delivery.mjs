// Nothing is lost whatever happens to the page or to the collector. Each fault
// meets a page that made the same records; the table that is printed says what
// became of them: made = delivered + dropped + kept in storage, none twice.

import { scenario } from "./stage.mjs";

const ERRORS = 3;

await scenario(async ({ open, leave, context, sink, foreign, saw, expect, equal }) => {
  const table = (saw.table = []);
  let mark = "";
  let made = 0;
  let faults = 0;

  /** Records of this fault that a collector took. */
  const delivered = () => {
    const taken = sink.received.filter(({ status }) => status === 200).flatMap(({ items }) => items);
    return taken
      .map(({ attributes }) => attributes["exception.message"] ?? attributes["url.full"] ?? "")
      .filter((text) => text.includes(mark));
  };
  const ready = (page) =>
    page.waitForFunction(() => performance.getEntriesByType("resource").some((e) => e.name.endsWith(".wasm")));
  /** A page whose engine runs and has nothing to send. */
  const start = async (given) => {
    const page = await open("plain.html", given);
    await ready(page);
    await page.evaluate(async () => {
      await sightline.flush();
      // What the engine makes of the load and of the first paint goes, too.
      if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done));
      await new Promise((done) => new PerformanceObserver(done).observe({ type: "paint", buffered: true }));
      await new Promise((done) => setTimeout(done));
      await sightline.flush();
    });
    return page;
  };
  /** Makes the records. The calls may fail; that is theirs to tell. */
  const produce = (page, calls = 5) => {
    made = calls + ERRORS;
    return page.evaluate(
      async ([mark, calls, errors]) => {
        for (let at = 0; at < calls; at++) await fetch(`/api/echo/${mark}.${at}`).catch(() => {});
        for (let at = 0; at < errors; at++) setTimeout(() => { throw new Error(`${mark}.${at}`); });
        await new Promise((resolve) => setTimeout(resolve, 10));
      },
      [mark, calls, ERRORS],
    );
  };
  /** Records in storage, as the names of the items say. */
  const kept = (page) =>
    page.evaluate(() =>
      Object.keys(localStorage)
        .filter((name) => name.startsWith("sightline.1."))
        .reduce((sum, name) => sum + Number(name.split(".")[5]), 0),
    );
  const arrive = (what) => sink.until(`${mark}: ${what}`, () => delivered().length >= made);
  const close = (page) => page.close({ runBeforeUnload: true });
  const gone = async (page) => {
    const closed = page.waitForEvent("close");
    await close(page);
    await closed;
  };

  /** Runs a fault, then looks what became of the records. */
  const fault = async (name, run) => {
    mark = `fault${++faults}x`;
    sink.received.length = 0;
    const found = (await run()) ?? {};
    sink.answer = 200;
    const texts = delivered();
    const row = {
      fault: name,
      made,
      requests: sink.received.length,
      delivered: new Set(texts).size,
      dropped: 0,
      kept: 0,
      twice: texts.length - new Set(texts).size,
      ...found,
    };
    table.push(row);
    equal(row.delivered + row.dropped, made, `${name}: what is made is delivered or counted as lost`);
    equal(row.twice, 0, `${name}: nothing twice`);
  };

  /** What the page says it lost. */
  const dropped = () => {
    const told = sink.logs.filter(({ eventName }) => eventName === "sightline.lost").at(-1)?.attributes ?? {};
    const reasons = Object.entries(told).filter(([name]) => name.startsWith("sightline.lost."));
    return reasons.reduce((sum, [, count]) => sum + count, 0);
  };
  /** Waits until the page has accounted for everything. */
  const balance = async (page) => {
    sink.answer = 200;
    await page.evaluate(() => sightline.flush());
    // Losses since are told with the next batch.
    await page.evaluate(() => fetch("/api/echo/fence"));
    await page.evaluate(() => sightline.flush());
    await sink.until(`${mark}: all is accounted for`, () => delivered().length + dropped() >= made);
    await page.close();
    return { dropped: dropped() };
  };

  await fault("tab closed", async () => {
    const page = await start();
    await produce(page);
    await gone(page);
    await arrive("after the tab");
  });

  await fault("reload", async () => {
    const page = await start();
    await produce(page);
    await page.reload();
    await arrive("after the reload");
    await page.close();
  });

  await fault("renderer crashes", async () => {
    const page = await start({
      script: () => {
        const native = window.fetchLater;
        window.nets = 0;
        window.fetchLater = (...args) => (window.nets++, native(...args));
      },
    });
    await produce(page);
    const before = await page.evaluate(() => nets);
    await page.waitForFunction((before) => nets > before + 1, before);
    const session = await context.newCDPSession(page);
    session.send("Page.crash").catch(() => {});
    await page.waitForEvent("crash");
    await page.close();
    await arrive("after the crash");
  });

  await fault("offline, then online again", async () => {
    const page = await start();
    await context.setOffline(true);
    await produce(page);
    await context.setOffline(false);
    await arrive("when online");
    await page.close();
  });

  await fault("offline, tab closed, next page", async () => {
    const page = await start();
    await context.setOffline(true);
    await produce(page);
    await gone(page);
    await context.setOffline(false);
    const next = await open("bare.html");
    const stored = await kept(next);
    expect(stored >= made, "what was made offline lies in storage", stored);
    equal(delivered().length, 0, "none of it was sent");
    await next.close();
    const after = await open("plain.html");
    await arrive("by the next page");
    equal(await kept(after), 0, "and no longer in storage");
    await after.close();
    return { kept: stored };
  });

  for (const status of [429, 503, "refuse"]) {
    await fault(`${status}, tab closed, next page`, async () => {
      const page = await start();
      sink.answer = status;
      await produce(page);
      await page.evaluate(() => sightline.flush());
      await gone(page);
      sink.answer = 200;
      const next = await open("bare.html");
      const stored = await kept(next);
      expect(stored >= made, `${status}: it lies in storage`, stored);
      await next.close();
      const after = await open("plain.html");
      await arrive("by the next page");
      await after.close();
      return { kept: stored };
    });
  }

  await fault("503, storage forbidden", async () => {
    const page = await start({
      script: () =>
        Object.defineProperty(window, "localStorage", {
          get() {
            throw new DOMException("denied", "SecurityError");
          },
        }),
    });
    sink.answer = 503;
    await produce(page);
    await page.evaluate(() => sightline.flush());
    sink.answer = 200;
    equal(page.errors.filter((text) => !text.includes(mark)), [], "the page does not notice");
    await gone(page);
    await arrive("by the page itself");
  });

  for (const status of [400, 413]) {
    await fault(`${status}: refused for good`, async () => {
      const page = await start();
      sink.answer = status;
      await produce(page);
      await page.evaluate(() => sightline.flush());
      return balance(page);
    });
  }

  await fault("200, three of the records refused", async () => {
    const page = await start();
    // As `partial_success` says it, with a reason.
    sink.body = Buffer.from([10, 7, 8, ERRORS, 18, 3, 110, 111, 33]);
    await page.evaluate(() => sightline.flush());
    await page.evaluate(
      async ([mark, errors]) => {
        for (let at = 0; at < errors; at++) setTimeout(() => { throw new Error(`${mark}.${at}`); });
        await new Promise((resolve) => setTimeout(resolve, 10));
        await sightline.flush();
      },
      [mark, ERRORS],
    );
    made = ERRORS;
    sink.body = "";
    const taken = sink.received.length;
    await page.evaluate(() => sightline.flush());
    await sink.until(`${mark}: the loss is told`, () => dropped());
    equal(delivered().length, ERRORS, "sent once");
    expect(sink.received.length <= taken + 2, "the batch is not sent again");
    const told = sink.logs.filter(({ eventName }) => eventName === "sightline.lost").at(-1).attributes;
    equal([told["sightline.lost.rejected"], dropped()], [ERRORS, ERRORS], "counted as refused");
    await page.close();
    // Sent to a collector that says that it did not take them.
    return { delivered: 0, dropped: dropped() };
  });

  await fault("503, storage full", async () => {
    const page = await start();
    await page.evaluate(() => {
      for (let size = 1 << 22; size; size >>= 1) {
        for (let at = 0; at < 9; at++) {
          try {
            localStorage.setItem(`junk${size}.${at}`, "x".repeat(size));
          } catch {
            break;
          }
        }
      }
    });
    sink.answer = 503;
    await produce(page, 1200);
    await page.evaluate(() => sightline.flush());
    const { dropped } = await balance(page);
    expect(dropped > 0, "some found no room");
    const next = await open("bare.html");
    await next.evaluate(() => localStorage.clear());
    await next.close();
    return { dropped };
  });

  await fault("slow collector, tab closed", async () => {
    const page = await start();
    sink.delayMs = 1500;
    sink.mostOpen = 0;
    await produce(page);
    await gone(page);
    await arrive("all the same");
    sink.delayMs = 0;
  });

  await fault("CORS refused, then allowed", async () => {
    const options = { serviceName: "elsewhere", endpoint: `${foreign}/sightline` };
    sink.cors = false;
    const page = await open("plain.html", { options });
    await produce(page);
    await page.evaluate(() => sightline.flush());
    equal(page.errors.filter((text) => !text.includes(mark)), [], "the page does not notice");
    await gone(page);
    equal(delivered().length, 0, "nothing may arrive");
    sink.cors = true;
    const next = await open("plain.html", { options });
    await arrive("once allowed");
    const compressed = () => sink.received.filter(({ headers }) => headers["content-encoding"]).length;
    equal(compressed(), 0, "another origin need not allow compression");
    sink.corsGzip = true;
    await next.close();
    const allowed = await open("plain.html", { options: { ...options, compress: true } });
    await allowed.evaluate(() => fetch("/api/echo").then(() => sightline.flush()));
    await sink.until("a compressed body: it is allowed now", () => compressed() > 0);
    await allowed.close();
  });

  await fault("the page's own posts use up the quota", async () => {
    const page = await start();
    await produce(page);
    await page.evaluate(() => {
      for (let at = 0; at < 2; at++) {
        const body = "x".repeat(31 * 1024);
        nativeFetch("/api/hang", { method: "POST", keepalive: true, body }).catch(() => {});
      }
    });
    await leave(page);
    const next = await open("plain.html");
    await arrive("by this page or the next");
    await next.close();
    await page.close();
  });

  await fault("left in many tabs, found by many", async () => {
    const pages = [];
    for (let at = 0; at < 4; at++) pages.push(await start());
    await context.setOffline(true);
    for (const [at, page] of pages.entries()) {
      if (at === 0) await produce(page);
      else await page.evaluate(() => setTimeout(() => { throw new Error("another tab"); }));
    }
    for (const page of pages) await gone(page);
    await context.setOffline(false);
    const others = () => sink.exceptions().filter(({ attributes }) => attributes["exception.message"] === "another tab");
    await Promise.all(pages.map(() => open("plain.html")));
    await arrive("by any");
    await sink.until("what the other tabs left", () => others().length >= 3);
    equal(others().length, 3, "once each");
    for (const page of context.pages().slice(1)) await page.close();
  });

  // As often as the browser gives it a chance to fail.
  let closed = 0;
  for (; closed < 20; closed++) {
    mark = `closed${closed}x`;
    const page = await start();
    await produce(page);
    await gone(page);
    await arrive("after the tab");
  }
  saw.closed = `${closed} of 20`;
});
