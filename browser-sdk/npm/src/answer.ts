// What a collector's answer says beyond its status.

/** The delay that an answer asks for, in seconds or as a date; or NaN. */
export function retryAfter({ headers }: Response): number {
  const told = headers.get("retry-after");
  return told ? 1000 * +told || Date.parse(told) - Date.now() : NaN;
}

/** Records that a collector refused of a batch that it took: in protobuf, field 1
 * (`rejected_log_records`, `rejected_spans`) of field 1 (`partial_success`). */
export function rejected(body: Uint8Array): number {
  let at = 1;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = body[at++]!;
      value += (byte & 127) * scale;
      if (!(byte > 127)) return value;
    }
  };
  return body[0] === 10 && varint() && body[at++] === 8 ? varint() : 0;
}
