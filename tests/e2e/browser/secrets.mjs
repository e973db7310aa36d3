// Redaction in every field that leaves. Each secret, as it looks in life, is put into
// each place that the SDK takes something from; afterwards no byte of what it hides
// is in anything that the collector received, nor in the page's storage. A new
// input is a line in PLACES.

import { gunzipSync } from "node:zlib";
import { scenario } from "./stage.mjs";

/** What may not leave, in a text that it stands in. */
const SECRETS = {
  "a JSON Web Token": ["c2lnbmF0dXJlLW9mLWFkYQ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ"],
  "a key of AWS": ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"],
  "a token of GitHub": ["16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"],
  "a fine token of GitHub": ["11ABCDEFG0abcdefghijkl", "github_pat_11ABCDEFG0abcdefghijkl_0123456789"],
  "a token of GitLab": ["zXyWvUtSrQpOnMlKjIhG", "glpat-zXyWvUtSrQpOnMlKjIhG"],
  "a key of Google": ["SyDaGmWKa4JsXZHjGw7ISLn3", "AIzaSyDaGmWKa4JsXZHjGw7ISLn3namBGewQe"],
  "a token of Slack": ["abcdefghijklmnop", "xoxb-123456789012-abcdefghijklmnop"],
  "a key of Stripe": ["4eC39HqLyjWDarjtT1zdp7dc", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"],
  "a card number": ["4111111111111111", "4111111111111111"],
  "a card number in groups": ["5500-0000-0000-0004", "5500-0000-0000-0004"],
  "an address": ["lovelace", "ada.lovelace@example.org"],
  "a password": ["hunter2hunter2", "password=hunter2hunter2"],
  "a key in JSON": ["k3y1nj50n", '{"api_key":"k3y1nj50n"}'],
  "a bearer's token": ["s3cr3tb34r3r", "Bearer s3cr3tb34r3r"],
  "basic authorization": ["YWRhOnNlY3JldA", "Basic YWRhOnNlY3JldA=="],
  "a query": ["qu3rys3cr3t", "https://shop.example/x?sid=qu3rys3cr3t"],
  "user and password": ["b4s1cpw", "https://ada:b4s1cpw@shop.example/x"],
  "a fragment": ["fr4gm3nts3cr3t", "https://shop.example/x#fr4gm3nts3cr3t"],
  "a link to a new password": ["3f9a8b7c6d5e4f3a2b1c", "https://shop.example/reset-password/3f9a8b7c6d5e4f3a2b1c"],
};

/** Each runs in the page, with the secret's text. */
const PLACES = {
  "an error's message": (text) => setTimeout(() => { throw new Error(`no use: ${text}`); }),
  "an error's name": (text) => setTimeout(() => { throw Object.assign(new Error("named"), { name: text }); }),
  "an error's class": (text) => setTimeout(() => { throw new { [text]: class extends Error {} }[text]("classed"); }),
  "a stack": (text) => setTimeout(() => { throw Object.assign(new Error("stacked"), { stack: `Error: stacked\n    at f (${text}:1:2)` }); }),
  "a function's name": (text) => setTimeout({ [text]: () => { throw new Error("in a function"); } }[text]),
  "a cause": (text) => setTimeout(() => { throw new Error("outer", { cause: new Error(`for ${text}`) }); }),
  "errors together": (text) => setTimeout(() => { throw new AggregateError([new Error(text), text], text); }),
  "a text thrown": (text) => setTimeout(() => { throw `no use: ${text}`; }),
  "an object thrown": (text) => setTimeout(() => { throw { name: text, message: text, stack: text, [text]: text }; }),
  "a rejection": (text) => { Promise.reject(new TypeError(text)); },
  "a rejection by a text": (text) => { Promise.reject(text); },
  "an error that is handled": (text) => sightline.captureException(new Error(text), { [text]: text, own: text }),
  "where in React's tree": (text) => sightline.captureException(new Error(`in the tree ${Math.random()}`), { "sightline.react.component_stack": `\n    at Cart (${text}:1:2)\n    at ${text}\n    at App` }),
  "an error of code at an address": (text) => (0, eval)(`setTimeout(() => { throw new Error("placed"); });\n//# sourceURL=${encodeURI(location.origin + "/" + text)}`),
  "the path of a fetch": (text) => fetch(`/api/echo/${encodeURIComponent(text)}`),
  "the plain path of a fetch": (text) => fetch(`/api/echo/${text}`).catch(() => {}),
  "the query of a fetch": (text) => fetch(`/api/echo?${encodeURIComponent(text)}&a=${encodeURIComponent(text)}#${text}`),
  "a fetch with a user": (text) => { fetch(`http://ada:${encodeURIComponent(text)}@127.0.0.1:1/`); },
  "a fetch to where nobody is": (text) => { fetch(`http://127.0.0.1:1/${encodeURIComponent(text)}`); },
  "a method": (text) => { fetch("/api/echo", { method: text }); },
  "headers and a body": (text) => fetch("/api/echo", { method: "POST", headers: { "x-own": text, authorization: text }, body: text }),
  "an XMLHttpRequest": (text) =>
    new Promise((done) => {
      const xhr = new XMLHttpRequest();
      xhr.onloadend = done;
      xhr.open("POST", `/api/echo/${encodeURIComponent(text)}?a=${encodeURIComponent(text)}`, true, "ada", text);
      xhr.setRequestHeader("x-own", text);
      xhr.send(text);
    }),
  "a picture that is missing": (text) => { new Image().src = `/missing/${encodeURIComponent(text)}?a=${encodeURIComponent(text)}`; },
  "a script that is missing": (text) => { document.head.append(Object.assign(document.createElement("script"), { src: `/missing/${encodeURIComponent(text)}` })); },
  "an address gone to": (text) => history.pushState({}, "", `/gone/${encodeURIComponent(text)}?a=${encodeURIComponent(text)}#${encodeURIComponent(text)}`),
  "a navigation told of": (text) => sightline.startNavigation(`/told/${encodeURIComponent(text)}?a=${encodeURIComponent(text)}`),
  "an event's name": (text) => sightline.addEvent(text),
  "an event's attributes": (text) => sightline.addEvent("own", { [text]: "key", value: text }),
  "a span's name": (text) => sightline.startSpan(text).end(),
  "a span's attributes": (text) => {
    const span = sightline.startSpan("own", { [text]: "key", value: text });
    span.setAttributes({ later: text });
    span.end();
  },
  "attributes of all": (text) => {
    sightline.setAttributes({ "of.all": text });
    sightline.addEvent("with it");
    sightline.setAttributes({ "of.all": undefined });
  },
  "a user": (text) => {
    sightline.setUser(text);
    sightline.addEvent("of a user");
  },
  "the console": (text) => {
    console.log(text);
    console.error(`failed: ${text}`, new Error(text));
    sightline.captureException(new Error(`after ${Math.random()}`));
  },
  "an element's id, class, name and text": (text) => {
    const button = document.createElement("button");
    // A class is one word: two are two.
    const className = /\s/.test(text) ? "" : text;
    Object.assign(button, { id: text, className, name: text, title: text, value: text, textContent: text });
    button.setAttribute("data-testid", text);
    button.setAttribute("aria-label", text);
    document.body.prepend(button);
    for (let click = 0; click < 4; click++) button.click();
  },
  "what a policy forbids": (text) => {
    const policy = { httpEquiv: "content-security-policy", content: "img-src 'self'" };
    document.head.append(Object.assign(document.createElement("meta"), policy));
    new Image().src = `https://forbidden.example/${encodeURIComponent(text)}?a=${encodeURIComponent(text)}`;
  },
  "a title": (text) => { document.title = text; },
  "cookies and storage": (text) => { document.cookie = `own=${encodeURIComponent(text)}`; },
  "what is typed": (text) => { document.body.append(Object.assign(document.createElement("input"), { id: "typed", value: text })); },
};

const OPTIONS = { serviceName: "secrets", console: true, resources: true, clicks: true, routes: ["/api/echo/{id}"] };

await scenario(async ({ context, open, leave, sink, saw, origin, expect, equal }) => {
  const texts = Object.values(SECRETS).map(([, text]) => text);
  // The page's own address, by which it is loaded, has them all.
  const inPath = texts.map(encodeURIComponent).join("/");
  await context.route(`${origin}/secret/**`, (route) => route.fetch({ url: `${origin}/plain.html` }).then((response) => route.fulfill({ response })));
  const address = `secret/${inPath}?${texts.map((text, at) => `own${at}=${encodeURIComponent(text)}`).join("&")}`;
  const run = async () => {
    let page;
    for (const place of Object.values(PLACES)) {
      // A page of its own: each tells so many different errors at most.
      await page?.close({ runBeforeUnload: true });
      page = await open(address, { options: OPTIONS });
      await page.evaluate(() => sightline.flush());
      for (const text of texts) {
        // A browser may take no such address, or no such name.
        await page.evaluate(`(async (text) => (${place})(text))(${JSON.stringify(text)})`).catch(() => {});
      }
      await page.evaluate(() => sightline.flush());
    }
    for (const button of await page.$$("button")) await button.click({ force: true, timeout: 200 }).catch(() => {});
    await page.evaluate(() => sightline.flush());
    return page;
  };
  const page = await run();
  await leave(page);
  // Once more with nobody to send to: it is stored, and the next page sends it.
  sink.answer = "refuse";
  const kept = await run();
  await leave(kept);
  const stored = await kept.evaluate(() => JSON.stringify(localStorage));
  sink.answer = 200;
  const before = sink.received.length;
  const next = await open("plain.html", { options: OPTIONS });
  await sink.until("what was kept", () => sink.received.length > before);
  await next.evaluate(() => sightline.flush());

  const needles = Object.entries(SECRETS).map(([what, [needle]]) => [what, needle.toLowerCase()]);
  const search = (text, where) => {
    for (const [what, needle] of needles) {
      const at = text.toLowerCase().indexOf(needle);
      if (at >= 0) leaks.add(`${what} in ${where}`);
    }
  };
  const leaks = new Set();
  for (const { signal, items, raw } of sink.received) {
    for (const item of items) {
      for (const [name, value] of Object.entries({ ...item, ...item.attributes })) {
        if (name !== "attributes") search(JSON.stringify(value) ?? "", `${item.eventName || item.name || signal}: ${name}`);
        search(name, `the name ${name.slice(0, 20)}… of an attribute of ${item.eventName || item.name || signal}`);
      }
    }
    search(raw.toString("latin1"), `a body of ${signal}`);
  }
  search(stored, "the storage");
  for (const text of stored.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []) {
    const bytes = Buffer.from(text, "base64");
    search((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("latin1"), "the storage, decoded");
  }
  saw.leaks = [...leaks];
  equal(saw.leaks, [], "nothing leaves");
  // Each of those that are errors was told for each secret, or for what is left of them.
  const errors = sink.exceptions().map(({ attributes }) => attributes["exception.message"]);
  for (const message of ["named", "classed", "stacked", "in a function", "outer", "placed"]) {
    expect(errors.includes(message), `an error was told: ${message}`);
  }
  saw.records = sink.received.flatMap(({ items }) => items).length;
  // All the kinds of records that there are were among them.
  const names = new Set([...sink.logs.map(({ eventName }) => eventName), ...sink.spans.map(({ kind }) => `span ${kind}`)]);
  saw.names = [...names].filter((name) => name.length < 40);
  for (const name of ["exception", "browser.web_vital", "browser.resource_timing", "browser.report", "span 1", "span 3"]) expect(names.has(name), `there is one: ${name}`);
  expect(sink.received.some(({ raw }) => raw.includes("REDACTED")), "something was taken out");
});
