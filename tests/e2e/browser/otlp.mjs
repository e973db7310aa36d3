// Reads OTLP/HTTP protobuf bodies into plain objects, as far as the browser SDK
// writes them. A reader of its own, so that a scenario needs nothing but node;
// the same bodies are decoded with opentelemetry-proto in the SDK's own tests.
// A field or wire type that is not expected is an error.

const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Calls `each(field, value)`: a bigint, or the bytes of a message or string. */
function fields(bytes, each) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.byteLength) {
    const key = Number(varint());
    const field = key >>> 3;
    switch (key & 7) {
      case 0:
        each(field, varint());
        break;
      case 1:
        each(field, view.getBigUint64(at, true));
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > bytes.byteLength) throw new Error("a field longer than its message");
        each(field, bytes.subarray(at, at + length));
        at += length;
        break;
      }
      case 5:
        each(field, BigInt(view.getUint32(at, true)));
        at += 4;
        break;
      default:
        throw new Error(`wire type ${key & 7}`);
    }
  }
}

/** A message whose fields are read by `readers[field](value, message)`. */
function message(bytes, initial, readers) {
  fields(bytes, (field, value) => {
    const read = readers[field];
    if (!read) throw new Error(`unexpected field ${field}`);
    read(value, initial);
  });
  return initial;
}

function anyValue(bytes) {
  let result;
  fields(bytes, (field, value) => {
    if (field === 1) result = text(value);
    else if (field === 2) result = value === 1n;
    else if (field === 3) result = Number(BigInt.asIntN(64, value));
    else if (field === 4) {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, value);
      result = view.getFloat64(0);
    } else if (field === 5) {
      result = [];
      fields(value, (_, item) => result.push(anyValue(item)));
    } else throw new Error(`unexpected kind of value ${field}`);
  });
  return result;
}

function attribute(bytes, into) {
  let key;
  let value;
  fields(bytes, (field, content) => {
    if (field === 1) key = text(content);
    else value = anyValue(content);
  });
  into[key] = value;
}

const set = (name, read) => (value, into) => {
  into[name] = read(value);
};
const milliseconds = (nanos) => Number(nanos) / 1e6;

const event = (bytes) =>
  message(bytes, { attributes: {} }, {
    1: set("atMs", milliseconds),
    2: set("name", text),
    3: (value, into) => attribute(value, into.attributes),
  });

const link = (bytes) =>
  message(bytes, { attributes: {} }, {
    1: set("traceId", hex),
    2: set("spanId", hex),
    4: (value, into) => attribute(value, into.attributes),
    6: set("flags", Number),
  });

const span = (bytes) =>
  message(bytes, { parentSpanId: "", attributes: {}, events: [], links: [], status: 0 }, {
    1: set("traceId", hex),
    2: set("spanId", hex),
    3: set("traceState", text),
    4: set("parentSpanId", hex),
    5: set("name", text),
    6: set("kind", Number),
    7: set("startMs", milliseconds),
    8: set("endMs", milliseconds),
    9: (value, into) => attribute(value, into.attributes),
    11: (value, into) => into.events.push(event(value)),
    13: (value, into) => into.links.push(link(value)),
    15: (value, into) =>
      fields(value, (field, code) => {
        if (field === 3) into.status = Number(code);
      }),
    16: set("flags", Number),
  });

const log = (bytes) =>
  message(bytes, { attributes: {} }, {
    1: set("atMs", milliseconds),
    2: set("severity", Number),
    5: set("body", anyValue),
    6: (value, into) => attribute(value, into.attributes),
    8: set("flags", Number),
    9: set("traceId", hex),
    10: set("spanId", hex),
    11: set("observedMs", milliseconds),
    12: set("eventName", text),
  });

const double = (bits) => new Float64Array(new BigUint64Array([bits]).buffer)[0];
const packed = (bytes) => Array.from(new BigUint64Array(Uint8Array.from(bytes).buffer));

const point = (bytes) =>
  message(bytes, { attributes: {} }, {
    2: set("startMs", milliseconds),
    3: set("atMs", milliseconds),
    4: set("count", Number),
    5: set("sum", double),
    6: set("buckets", (value) => packed(value).map(Number)),
    7: set("bounds", (value) => packed(value).map(double)),
    9: (value, into) => attribute(value, into.attributes),
  });

const metric = (bytes) =>
  message(bytes, { points: [] }, {
    1: set("name", text),
    3: set("unit", text),
    9: (value, into) =>
      message(value, into, {
        1: (value) => into.points.push(point(value)),
        2: set("temporality", Number),
      }),
  });

const ITEMS = { traces: span, logs: log, metrics: metric };

/** `{resource, scope, items}` of a body; items are spans, log records or
 * histograms. */
export function decode(signal, body) {
  const item = ITEMS[signal];
  const batch = { resource: {}, scope: "", items: [] };
  fields(body, (field, resourceItems) => {
    if (field !== 1) throw new Error(`unexpected field ${field} of a request`);
    message(resourceItems, batch, {
      1: (resource) => fields(resource, (_, value) => attribute(value, batch.resource)),
      2: (scopeItems) =>
        message(scopeItems, batch, {
          1: (scope) =>
            fields(scope, (name, value) => {
              if (name === 1) batch.scope = text(value);
            }),
          2: (value) => batch.items.push(item(value)),
        }),
    });
  });
  return batch;
}
