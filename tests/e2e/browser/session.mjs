// The session: shared by tabs, ended by idleness and by age, also while a page is
// open; without storage, or with nonsense in it, a page has one all the same.

import { scenario } from "./stage.mjs";

const KEY = "sightline.session";
const MINUTE = 60_000;

await scenario(async ({ open, sink, saw, equal, expect }) => {
  /** Sends an error of this page; the logs of it and since. */
  const told = async (page) => {
    const from = sink.logs.length;
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error(`told at ${performance.timeOrigin} ${performance.now()}`);
      });
      return new Promise((done) => addEventListener("error", done, { once: true }));
    });
    await page.evaluate(() => sightline.flush());
    const logs = sink.logs.slice(from);
    const { attributes } = logs.findLast(({ eventName }) => eventName === "exception");
    return { id: attributes["session.id"], logs, starts: logs.filter(({ eventName }) => eventName.startsWith("session.")) };
  };
  const names = ({ starts }) => starts.map(({ eventName }) => eventName);
  const stored = (page) => page.evaluate((key) => localStorage.getItem(key), KEY);
  const store = (page, text) => page.evaluate(([key, text]) => localStorage.setItem(key, text), [KEY, text]);

  const first = await open("plain.html");
  const begun = await told(first);
  expect(/^[0-9a-f]{32}$/.test(begun.id), "an id", begun.id);
  equal(names(begun), ["session.start"], "the first begins");
  const [id, start, last] = (await stored(first)).split(" ");
  equal(id, begun.id, "it is stored");
  expect(start <= last && Math.abs(Date.now() - last) < MINUTE, "with its times", [start, last]);
  saw.resource = sink.received[0].resource;
  expect(saw.resource["browser.language"] && "browser.mobile" in saw.resource, "the device", saw.resource);
  const network = await first.evaluate(() => navigator.connection.effectiveType);
  equal(saw.resource["sightline.network.effective_type"], network, "the network");

  const second = await open("plain.html");
  const joined = await told(second);
  equal([joined.id, names(joined)], [id, []], "another tab joins it");

  await store(first, `${id} ${start} ${Date.now() - 31 * MINUTE}`);
  const third = await open("plain.html");
  const rotated = await told(third);
  expect(rotated.id !== id, "an idle one is over");
  equal(names(rotated), ["session.end", "session.start"], "its end and the next one's begin are told");
  equal(rotated.starts[0].attributes["session.id"], id, "which ended");
  equal(rotated.starts[1].attributes["session.previous_id"], id, "which was before");

  // A page that was left alone for half an hour.
  await third.evaluate((ms) => {
    const now = Date.now;
    Date.now = () => now() + ms;
  }, 31 * MINUTE);
  const later = await told(third);
  equal(later.starts.at(-1).attributes["session.previous_id"], rotated.id, "a page that lay idle goes on in a new one");
  expect(later.id !== rotated.id, "of another id");

  await store(first, `${later.id} ${Date.now() - 241 * MINUTE} ${Date.now()}`);
  const aged = await told(await open("plain.html"));
  equal(names(aged), ["session.end", "session.start"], "four hours are the longest");

  await store(first, "<b>x</b> y");
  const nonsense = await told(await open("plain.html"));
  equal(names(nonsense), ["session.start"], "nonsense is no session");

  await store(first, "untouched");
  const unstored = await told(await open("plain.html", { options: { serviceName: "forgets", persist: false } }));
  equal(names(unstored), ["session.start"], "without leave to store one a page, too");
  equal(await first.evaluate(() => localStorage.getItem("sightline.session")), "untouched", "storage is left alone");

  const forbidden = await open("plain.html?nostorage");
  const alone = await told(forbidden);
  const again = await told(forbidden);
  equal([names(alone), names(again), again.id], [["session.start"], [], alone.id], "without storage one a page");
  equal(forbidden.errors.length, 2, "no error but the page's own", forbidden.errors);
});
