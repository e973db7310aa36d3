// Before consent nothing is loaded, stored or sent, and what happens meanwhile is
// not lost; without it, or where the person's browser objects, nothing is done.
// `beforeSend` sees every record and has the last word.

import { scenario } from "./stage.mjs";

await scenario(async ({ open, leave, context, sink, saw, equal, expect }) => {
  const asked = [];
  context.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const engines = () => asked.filter((path) => /engine/.test(path)).length;
  const stored = (page) => page.evaluate(() => Object.keys(localStorage));
  const pending = { serviceName: "shop-browser", consent: "pending", sampleRatio: 0.999999 };
  const fails = (page, message) =>
    page.evaluate((message) => {
      setTimeout(() => { throw new Error(message); });
      return new Promise((done) => addEventListener("error", done, { once: true }));
    }, message);
  // Longer than the engine may be put off, which is a condition of the browser's.
  const idle = (page) => page.evaluate(() => new Promise((done) => setTimeout(() => requestIdleCallback(done), 3500)));

  const page = await open("plain.html", { options: pending });
  await page.evaluate(() => fetch("/api/echo?one"));
  await fails(page, "before consent");
  await idle(page);
  await page.evaluate(() => sightline.flush());
  equal([engines(), await stored(page), sink.received.length], [0, [], 0], "nothing before consent");
  await leave(page);
  equal([await stored(page), sink.received.length], [[], 0], "nor when the page is left");

  const granted = await open("plain.html", { options: pending });
  await granted.evaluate(() => fetch("/api/echo?two"));
  await fails(granted, "granted later");
  await granted.evaluate(() => sightline.setConsent("granted"));
  await granted.evaluate(() => sightline.flush());
  await sink.until("what happened before", () => sink.exceptions().length && sink.spans.some(({ name }) => name === "GET /api/echo"));
  equal(sink.exceptions().map(({ attributes }) => attributes["exception.message"]), ["granted later"], "what happened before consent");
  expect((await stored(granted)).includes("sightline.session"), "the session is stored now");
  const from = sink.received.length;
  await granted.evaluate(() => sightline.setConsent("denied"));
  equal([await stored(granted), await granted.evaluate(() => window.fetch === nativeFetch)], [[], true], "all is forgotten and undone");
  await fails(granted, "after denial");
  await leave(granted);
  equal(sink.received.length, from, "and nothing sent any more");

  // A word that is none is no consent; who it is fits beside a storm.
  const misspelt = await open("plain.html", { options: { ...pending, consent: "grant" } });
  await misspelt.evaluate(() => {
    for (let at = 0; at < 300; at++) sightline.addEvent(`storm ${at}`);
    sightline.setUser("ada");
    sightline.setAttributes({ tenant: "blue" });
  });
  await idle(misspelt);
  equal([await stored(misspelt), sink.received.length], [[], from], "a word that is none");
  await misspelt.evaluate(() => sightline.setConsent("granted"));
  await misspelt.evaluate(() => sightline.flush());
  await misspelt.evaluate(() => (sightline.addEvent("after the storm"), sightline.flush()));
  const calm = () => sink.logs.find(({ eventName }) => eventName === "after the storm")?.attributes;
  await sink.until("what came after the storm", calm);
  equal([calm().tenant, calm()["user.hash"]?.length], ["blue", 64], "what is true of all is not crowded out");
  await leave(misspelt);
  await sink.until("its vitals", () => sink.vitals().cls);

  // What was stored with consent is forgotten without it.
  const reborn = await open("plain.html", { options: { serviceName: "shop-browser", consent: "denied" } });
  equal(await stored(reborn), [], "denied at the next visit: all is forgotten");
  await reborn.close();

  const quiet = sink.received.length;
  const enginesBefore = engines();
  for (const [why, options, script] of [
    ["denied", { consent: "denied" }],
    ["Global Privacy Control", { doNotTrack: true }, "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"],
    ["Do Not Track", { doNotTrack: true }, "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })"],
  ]) {
    const page = await open("plain.html", { options: { serviceName: "shop-browser", ...options }, script });
    await fails(page, why);
    await page.evaluate(() => (sightline.addEvent("nothing"), sightline.setConsent("granted"), sightline.flush()));
    await idle(page);
    const isNative = await page.evaluate(() => window.fetch === nativeFetch);
    await leave(page);
    equal([isNative, engines() - enginesBefore, sink.received.length - quiet], [true, 0, 0], `${why}: nothing is done`);
  }
  const heedless = await open("plain.html", { options: { serviceName: "shop-browser" }, script: "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })" });
  await heedless.evaluate(() => sightline.flush());
  expect(sink.received.length > quiet, "which is an option");

  // Functions don't fit into an address.
  const shown = await open("bare.html");
  await shown.evaluate(async () => {
    const { init } = await import("/sdk/index.js");
    window.records = [];
    window.sightline = init({
      serviceName: "edited",
      beforeSend(record) {
        records.push([record.signal, record.name]);
        if (record.name === "drop me") return undefined;
        if (record.name === "throws") throw new Error("the page's own");
        if (record.name === "exception") record.attributes["exception.message"] = "edited";
        if (record.name.startsWith("GET")) record.attributes.added = [1.5, "b"];
        return { ...record, attributes: { ...record.attributes, checked: true, half: 0.5, count: -7 } };
      },
    });
    await fetch("/api/echo?three");
    sightline.addEvent("drop me");
    sightline.addEvent("throws");
    sightline.addEvent("kept", { text: "caf\u00e9", negative: -12345678901, big: 2 ** 52, half: 1.25, no: false });
    sightline.captureException(new Error("what it said"));
    await sightline.flush();
  });
  await leave(shown);
  const edited = () => sink.received.filter(({ resource }) => resource["service.name"] === "edited");
  await sink.until("the account", () => edited().some(({ items }) => items.some(({ eventName }) => eventName === "sightline.lost")));
  const items = edited().flatMap(({ items }) => items);
  const shownItems = items.filter(({ eventName }) => eventName !== "sightline.lost");
  saw.items = items.map(({ name, eventName, attributes }) => [name ?? eventName, attributes]);
  expect(shownItems.every(({ attributes }) => attributes.checked === true && attributes.count === -7), "each record was seen");
  const one = (wanted) => items.find(({ name, eventName }) => (name ?? eventName) === wanted)?.attributes;
  equal([one("drop me"), one("throws")], [undefined, undefined], "what it drops, or fails on, is not sent");
  equal([one("exception")["exception.message"], one("GET /api/echo").added], ["edited", ["1.5", "b"]], "what it changes is changed");
  const { text, negative, big, half, no } = one("kept");
  equal([text, negative, big, half, no], ["caf\u00e9", -12345678901, 2 ** 52, 0.5, false], "all else is as it was");
  equal(items.filter(({ eventName }) => eventName === "sightline.lost").at(-1).attributes["sightline.lost.rejected"], 2, "and what was dropped is counted");

  // What drops all but errors, or all, ends.
  for (const [service, keeps] of [["errors-only", "exception"], ["nothing", "none"]]) {
    const from = sink.received.length;
    const page = await open("bare.html");
    await page.evaluate(async ([serviceName, keeps]) => {
      const { init } = await import("/sdk/index.js");
      window.sightline = init({ serviceName, beforeSend: (record) => (record.name === keeps ? record : undefined) });
      sightline.addEvent("dropped");
      sightline.captureException(new Error("kept"));
      await sightline.flush();
      sightline.addEvent("dropped, too");
      await sightline.flush();
    }, [service, keeps]);
    await leave(page);
    const of = () => sink.received.slice(from).filter(({ resource }) => resource["service.name"] === service);
    const lost = () => of().flatMap(({ items }) => items).filter(({ eventName }) => eventName === "sightline.lost");
    await sink.until(`the account of ${service}`, () => lost().some(({ attributes }) => attributes["sightline.lost.rejected"] >= 2));
    expect(of().length < 20, `${service}: few requests`, of().length);
    const names = new Set(of().flatMap(({ items }) => items).map(({ name, eventName }) => name ?? eventName));
    equal([...names].sort(), keeps === "none" ? ["sightline.lost"] : ["exception", "sightline.lost"], `${service}: nothing else is sent`);
  }

  // What the browser would send when the page is gone is taken back.
  const denied = await open("plain.html", {
    options: { serviceName: "denied" },
    script: "window.nets = []; const later = window.fetchLater; window.fetchLater = (url, init) => (nets.push(init.signal), later(url, init));",
  });
  await denied.evaluate(() => (sightline.addEvent("before denial"), sightline.flush()));
  await denied.evaluate(() => sightline.addEvent("waits"));
  await denied.waitForFunction(() => nets.some((signal) => !signal.aborted));
  await denied.evaluate(() => sightline.setConsent("denied"));
  expect(await denied.evaluate(() => nets.every((signal) => signal.aborted)), "no net is out after denial");
});
