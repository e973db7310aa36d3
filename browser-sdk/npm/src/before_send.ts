// Shows the page's own code each record as it would leave, and sends what it gives
// back: takes requests of OTLP apart and puts them together again. A module of its
// own, which only pages with `beforeSend` load.

import { SIGNALS } from "./input.js";
import type { Options, SentRecord } from "./options.js";

type Bytes = Uint8Array<ArrayBuffer>;
type Value = SentRecord["attributes"][string];
/** A field of a message: its number and wire type as they are written, and what
 * follows. */
type Field = [tag: number, content: Bytes];

/** The fields of a record of each signal: its name, its attributes. */
const FIELDS = [
  [12, 6],
  [5, 9],
  [1, 0],
] as const;
const MESSAGE = 2;
/** What the SDK says of itself: counts, and that it broke. */
const ACCOUNTS = ["sightline.lost", "sightline.broken"];

const text = new TextDecoder();
const utf8 = new TextEncoder();

/** Gives back what edits a request: its new body, empty if no record is left, and
 * how many were dropped. */
export function editor(
  beforeSend: NonNullable<Options["beforeSend"]>,
): (signal: number, body: Bytes) => [body: Bytes, dropped: number] {
  return (signal, body) => {
    let kept = 0;
    let dropped = 0;
    const [nameField, attributesField] = FIELDS[signal]!;
    const record = (fields: Field[]): Field[] | undefined => {
      const isAttribute = ([tag]: Field) => !!attributesField && tag >> 3 === attributesField;
      const name = fields.find(([tag]) => tag >> 3 === nameField)?.[1];
      const title = text.decode(name);
      // The accounts are counts alone. One more of them for each that is dropped
      // would never end.
      if (ACCOUNTS.includes(title)) {
        kept++;
        return fields;
      }
      const attributes: SentRecord["attributes"] = {};
      const before = new Map<string, [Value, Bytes]>();
      for (const [, pair] of fields.filter(isAttribute)) {
        const [key, value] = [1, 2].map((field) => read(pair).find(([tag]) => tag >> 3 === field)?.[1]);
        const known = valueOf(value ?? new Uint8Array());
        attributes[text.decode(key)] = known;
        before.set(text.decode(key), [known, pair]);
      }
      let sent: SentRecord | undefined;
      try {
        sent = beforeSend({ signal: SIGNALS[signal]!, name: title, attributes });
        if (sent && attributesField) {
          const pairs = Object.entries(sent.attributes).map(([key, value]): Field => {
            const [known, pair] = before.get(key) ?? [];
            // As it was: a whole number may have been a double. A list is read anew.
            const same = pair && known === value && !Array.isArray(value);
            return [(attributesField << 3) | MESSAGE, same ? pair : pairOf(key, value)];
          });
          fields = [...fields.filter((field) => !isAttribute(field)), ...pairs];
        }
      } catch {
        // It might have taken out a secret.
        sent = undefined;
      }
      if (sent) kept++;
      else dropped++;
      return sent && fields;
    };
    /** Request, groups of a resource, groups of a scope, records. */
    const level = (depth: number, bytes: Bytes): Bytes => {
      const fields = read(bytes).flatMap(([tag, content]): Field[] => {
        const isNext = tag >> 3 === (depth ? 2 : 1);
        if (!isNext) return [[tag, content]];
        if (depth < 2) return [[tag, level(depth + 1, content)]];
        const edited = record(read(content));
        return edited ? [[tag, write(edited)]] : [];
      });
      return write(fields);
    };
    try {
      const edited = level(0, body);
      return [kept ? edited : new Uint8Array(), dropped];
    } catch {
      // Left by a page that compressed it: nobody has seen it.
      return [new Uint8Array(), dropped];
    }
  };
}

/** The fields of a message, in order. */
function read(bytes: Bytes): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("cut off");
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const from = at;
    const kind = tag & 7;
    if (kind === MESSAGE) {
      const length = varint();
      const start = at;
      at += length;
      fields.push([tag, bytes.slice(start, at)]);
    } else {
      if (kind === 0) varint();
      else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
      else throw new RangeError("no message");
      fields.push([tag, bytes.slice(from, at)]);
    }
    if (at > bytes.length) throw new RangeError("cut off");
  }
  return fields;
}

function write(fields: readonly Field[]): Bytes {
  const parts: (Bytes | number[])[] = [];
  for (const [tag, content] of fields) {
    parts.push(varintOf(BigInt(tag)));
    if ((tag & 7) === MESSAGE) parts.push(varintOf(BigInt(content.length)));
    parts.push(content);
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varintOf(value: bigint): number[] {
  const bytes: number[] = [];
  for (value = BigInt.asUintN(64, value); value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return [...bytes, Number(value)];
}

const varint64 = (bytes: Bytes): number => {
  let value = 0n;
  bytes.forEach((byte, at) => (value |= BigInt(byte & 127) << BigInt(7 * at)));
  return Number(BigInt.asIntN(64, value));
};

/** Of an `AnyValue`. */
function valueOf(bytes: Bytes): Value {
  const [field] = read(bytes);
  if (!field) return "";
  const [tag, content] = field;
  switch (tag >> 3) {
    case 2:
      return content[0] === 1;
    case 3:
      return varint64(content);
    case 4:
      return new DataView(content.buffer).getFloat64(content.byteOffset, true);
    case 5:
      return read(content).map(([, one]) => String(valueOf(one)));
    default:
      return text.decode(content);
  }
}

/** A `KeyValue`. */
const pairOf = (key: string, value: Value): Bytes =>
  write([
    [(1 << 3) | MESSAGE, utf8.encode(key)],
    [(2 << 3) | MESSAGE, anyOf(value)],
  ]);

function anyOf(value: Value): Bytes {
  if (typeof value === "boolean") return write([[2 << 3, new Uint8Array([+value])]]);
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return write([[3 << 3, new Uint8Array(varintOf(BigInt(value)))]]);
    const double = new Uint8Array(8);
    new DataView(double.buffer).setFloat64(0, value, true);
    return write([[(4 << 3) | 1, double]]);
  }
  if (Array.isArray(value)) {
    const all = value.map((one): Field => [(1 << 3) | MESSAGE, anyOf(String(one))]);
    return write([[(5 << 3) | MESSAGE, write(all)]]);
  }
  return write([[(1 << 3) | MESSAGE, utf8.encode(String(value))]]);
}
