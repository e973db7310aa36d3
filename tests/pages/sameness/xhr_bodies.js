// Cases of what an XMLHttpRequest sends and what it makes of the answer.

import { exchange, methods } from "./exchange.js";

const open = (xhr, address, method = "GET") => xhr.open(method, address);
const get = (path, prepare = () => {}) => ({ at, note }) =>
  exchange(note, (xhr) => (open(xhr, at(path)), prepare(xhr), xhr.send()));
const post = (body, headers = {}) => ({ at, note }) =>
  exchange(note, (xhr) => {
    open(xhr, at("echo"), "POST");
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    return xhr.send(typeof body === "function" ? body(note) : body);
  });

export const cases = {
  "a GET": get("echo"),
  "a status that fails": get("status/404"),
  "no content": get("status/204"),
  "a redirect": get("redirect/302"),
  "a redirect to itself": get("redirect/loop"),
  "a body that breaks off": get("broken"),
  "an answer in pieces": get("stream"),
  "nobody there": ({ note }) => exchange(note, (xhr) => (open(xhr, "http://127.0.0.1:1/"), xhr.send())),
  "an answer that never comes": get("reset"),
  "a data URL": ({ note }) => exchange(note, (xhr) => (open(xhr, "data:text/plain,x"), xhr.send())),
  "a blob URL": ({ note }) => exchange(note, (xhr) => (open(xhr, URL.createObjectURL(new Blob(["b"]))), xhr.send())),
  "a HEAD": ({ at, note }) => exchange(note, (xhr) => (open(xhr, at("echo"), "HEAD"), xhr.send())),
  "a method in small letters": ({ at, note }) => exchange(note, (xhr) => (open(xhr, at("echo"), "put"), xhr.send("b"))),
  "a URL object": ({ at, note }) => exchange(note, (xhr) => (open(xhr, new URL(at("echo"), location.href)), xhr.send())),
  "arguments by toString, each read once": ({ at, note }) =>
    exchange(note, (xhr) => {
      xhr.open({ toString: () => (note("method"), "PUT") }, { toString: () => (note("url"), at("echo")) });
      xhr.setRequestHeader({ toString: () => (note("name"), "x-own") }, { toString: () => (note("value"), "a") });
      xhr.send({ toString: () => (note("body"), "b") });
    }),
  "a text body": post("body"),
  "a form body": post(new URLSearchParams({ a: "1 2" })),
  "a multipart body": post(() => {
    const form = new FormData();
    form.append("a", "1");
    return form;
  }),
  "a blob body": post(new Blob(["blob"], { type: "text/x-own" })),
  "a binary body": post(new Uint8Array([65, 66])),
  "a document as body": post(() => document.implementation.createHTMLDocument("title")),
  "a GET with a body": ({ at, note }) => exchange(note, (xhr) => (open(xhr, at("echo")), xhr.send("b"))),
  "headers, some twice": ({ at, note }) =>
    exchange(note, (xhr) => {
      open(xhr, at("echo"), "POST");
      for (const [name, value] of [["X-Own", "a"], ["x-own", "b"], ["content-type", "text/own"]]) xhr.setRequestHeader(name, value);
      xhr.send("b");
    }),
  "headers that are forbidden": ({ at, note }) =>
    exchange(note, (xhr) => (open(xhr, at("echo")), xhr.setRequestHeader("sec-own", "a"), xhr.setRequestHeader("host", "b"), xhr.send())),
  "the page's own traceparent": ({ at, note }) =>
    exchange(note, (xhr) => {
      open(xhr, at("echo?own"));
      xhr.setRequestHeader("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
      xhr.send();
    }),
  "as text": get("typed/text/plain", (xhr) => (xhr.responseType = "text")),
  "as bytes": get("typed/application/octet-stream", (xhr) => (xhr.responseType = "arraybuffer")),
  "as a blob": get("typed/text/x-own", (xhr) => (xhr.responseType = "blob")),
  "as JSON": get("echo", (xhr) => (xhr.responseType = "json")),
  "as JSON that is none": get("typed/text/plain", (xhr) => (xhr.responseType = "json")),
  "as a document": get("typed/text/html", (xhr) => (xhr.responseType = "document")),
  "as XML": get("typed/text/xml"),
  "as another type": get("typed/text/plain", (xhr) => xhr.overrideMimeType("text/xml; charset=iso-8859-1")),
  "upload, told of": ({ at, note }) =>
    exchange(note, (xhr) => {
      for (const type of ["loadstart", "load", "error", "abort", "loadend"]) {
        xhr.upload.addEventListener(type, (event) => note("upload", type, event.loaded, event.total, event.lengthComputable));
      }
      xhr.upload.onprogress = ({ total }) => (xhr.upload.onprogress = note("upload", "progress", total));
      open(xhr, at("length"), "POST");
      xhr.send("b".repeat(100_000));
    }),
  "upload to another origin, told of": ({ at, foreign, note }) =>
    exchange(note, (xhr) => {
      xhr.upload.onload = () => note("upload");
      open(xhr, at("length", foreign), "POST");
      xhr.send("b");
    }),
  "another origin": ({ at, foreign, note }) => exchange(note, (xhr) => (open(xhr, at("echo", foreign)), xhr.send())),
  "another origin, with credentials": ({ at, foreign, note }) =>
    exchange(note, (xhr) => {
      open(xhr, at("echo", foreign));
      xhr.withCredentials = true;
      xhr.send();
    }),
  "another origin that forbids": ({ at, foreign, note }) => exchange(note, (xhr) => (open(xhr, at("forbidden", foreign)), xhr.send())),
  "a redirect to another origin": ({ at, foreign, note }) =>
    exchange(note, (xhr) => (open(xhr, at(`redirect/302?to=${encodeURIComponent(at("echo", foreign))}`)), xhr.send())),
  "the methods themselves": () => methods(XMLHttpRequest.prototype),
};
