// Cases of an XMLHttpRequest's life: synchronous ones, aborts, timeouts, the same
// object used again, methods called when or on what they must not be.

import { answer, exchange } from "./exchange.js";

/** Does this at the first event of this state. */
const at = (xhr, state, act) => {
  const listener = () => {
    if (xhr.readyState !== state) return;
    xhr.removeEventListener("readystatechange", listener);
    act();
  };
  xhr.addEventListener("readystatechange", listener);
};
const attempt = (note, act) => {
  try {
    note("gave", act());
  } catch (error) {
    note("threw", error.constructor.name, error.name, error.message);
  }
};
/** A case with a request that is opened, changed by this, and sent. */
const sent = (path, change) => ({ at: address, note }) =>
  exchange(note, (xhr) => {
    xhr.open("GET", address(path));
    change(xhr, address, note);
    xhr.send();
  });
/** One that is synchronous: it is over when `send` is. */
const now = (path, change = () => {}) => ({ at: address, note }) => {
  const xhr = new XMLHttpRequest();
  xhr.onreadystatechange = () => note(xhr.readyState);
  for (const type of ["loadstart", "load", "error", "loadend"]) xhr.addEventListener(type, () => note(type));
  xhr.open("POST", address(path), false);
  attempt(note, () => change(xhr));
  attempt(note, () => xhr.send("b"));
  return answer(xhr);
};

export const cases = {
  "synchronous": now("echo"),
  "synchronous, no answer": now("reset"),
  "synchronous, with a timeout": now("echo", (xhr) => (xhr.timeout = 10)),
  "synchronous, with a type": now("echo", (xhr) => (xhr.responseType = "json")),
  "aborted while it is on its way": sent("hang", (xhr) => setTimeout(() => xhr.abort(), 50)),
  "aborted at once": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("GET", address("unseen"));
      xhr.send();
      xhr.abort();
    }),
  "aborted before it is sent": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("GET", address("unseen"));
      xhr.abort();
      xhr.send();
    }),
  "aborted when it is opened": sent("unseen", (xhr) => at(xhr, 1, () => xhr.abort())),
  "aborted at the head": sent("endless", (xhr) => at(xhr, 2, () => xhr.abort())),
  "aborted at the body": sent("endless", (xhr) => at(xhr, 3, () => xhr.abort())),
  // No `loadend` comes.
  "aborted at the end": async ({ at: address, note }) => {
    const xhr = new XMLHttpRequest();
    for (const type of ["readystatechange", "load", "abort", "loadend"]) xhr.addEventListener(type, () => note(type, xhr.readyState));
    xhr.open("GET", address("echo"));
    await new Promise((done) => {
      at(xhr, 4, () => {
        xhr.abort();
        setTimeout(done);
      });
      xhr.send();
    });
    return answer(xhr);
  },
  "aborted afterwards": async ({ at: address, note }) => {
    let own;
    await exchange(note, (xhr) => {
      own = xhr;
      xhr.open("GET", address("echo"));
      xhr.send();
    });
    own.abort();
    return answer(own);
  },
  "timed out": sent("hang", (xhr) => (xhr.timeout = 50)),
  "timed out while the body comes": sent("endless", (xhr) => at(xhr, 3, () => (xhr.timeout = 1))),
  "opened again before it is sent": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("POST", address("unseen"));
      xhr.setRequestHeader("x-own", "first");
      xhr.open("GET", address("echo"));
      xhr.send();
    }),
  "opened again while it is on its way": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("GET", address("unseen"));
      xhr.send();
      xhr.open("GET", address("echo"));
      xhr.send();
    }),
  "opened again at the head": sent("stream", (xhr, address) =>
    at(xhr, 2, () => {
      xhr.open("GET", address("echo"));
      xhr.send();
    }),
  ),
  "opened again at the end": sent("echo", (xhr, address) =>
    at(xhr, 4, () => {
      xhr.open("GET", address("echo?again"));
      xhr.send();
    }),
  ),
  "used again afterwards": async ({ at: address, note }) => {
    const xhr = new XMLHttpRequest();
    const answers = [];
    for (const path of ["echo?1", "status/404", "echo?2"]) {
      xhr.open("GET", address(path));
      await new Promise((done) => {
        xhr.onloadend = done;
        xhr.send();
      });
      note(xhr.status);
      answers.push(xhr.responseText);
    }
    return answers;
  },
  "not opened": ({ note }) => exchange(note, (xhr) => xhr.send()),
  "a header, not opened": ({ note }) => exchange(note, (xhr) => xhr.setRequestHeader("x-own", "a")),
  "a header, sent": sent("echo", (xhr, _, note) => xhr.addEventListener("loadstart", () => attempt(note, () => xhr.setRequestHeader("x-own", "a")))),
  "a header name that is none": ({ at: address, note }) =>
    exchange(note, (xhr) => (xhr.open("GET", address("unseen")), xhr.setRequestHeader("a b", "c"))),
  "a header value that is none": ({ at: address, note }) =>
    exchange(note, (xhr) => (xhr.open("GET", address("unseen")), xhr.setRequestHeader("a", "b\r\nc"))),
  "sent twice": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("GET", address("echo"));
      xhr.send();
      attempt(note, () => xhr.send());
    }),
  "sent again in its end": sent("echo", (xhr, _, note) => xhr.addEventListener("load", () => attempt(note, () => xhr.send()))),
  "no arguments": ({ note }) => exchange(note, (xhr) => xhr.open()),
  "one argument": ({ note }) => exchange(note, (xhr) => xhr.open("GET")),
  "one argument of a header": ({ at: address, note }) => exchange(note, (xhr) => (xhr.open("GET", address("unseen")), xhr.setRequestHeader("a"))),
  "asynchronous by undefined": ({ at: address, note }) =>
    exchange(note, (xhr) => {
      xhr.open("GET", address("echo"), undefined);
      attempt(note, () => xhr.send());
    }),
  "with user and password": ({ at: address, note }) => exchange(note, (xhr) => (xhr.open("GET", address("echo"), true, "ada", "pw"), xhr.send())),
  "a method that is none": ({ at: address, note }) => exchange(note, (xhr) => xhr.open("a b", address("unseen"))),
  "a method that is forbidden": ({ at: address, note }) => exchange(note, (xhr) => xhr.open("TRACK", address("unseen"))),
  "an address that is none": ({ note }) => exchange(note, (xhr) => xhr.open("GET", "http://[")),
  "a class of its own": ({ at: address, note }) =>
    exchange(
      note,
      (xhr) => {
        xhr.open("GET", address("echo"));
        xhr.send();
      },
      class extends XMLHttpRequest {
        open(...args) {
          note("own open");
          return super.open(...args);
        }
      },
    ),
  "other receivers": ({ at: address, note }) => {
    for (const receiver of [{}, undefined, null, 1, XMLHttpRequest.prototype]) {
      attempt(note, () => XMLHttpRequest.prototype.open.call(receiver, "GET", address("unseen")));
      attempt(note, () => XMLHttpRequest.prototype.setRequestHeader.call(receiver, "x-own", "a"));
      attempt(note, () => XMLHttpRequest.prototype.send.call(receiver));
    }
  },
  "called anew": ({ note }) => {
    for (const name of ["open", "setRequestHeader", "send"]) attempt(note, () => new XMLHttpRequest.prototype[name]());
  },
  "a listener that throws": sent("echo", (xhr) => xhr.addEventListener("load", () => { throw new RangeError("own"); })),
};
