// Posts the engine's batches. What waits, how much and for how long is the
// engine's to know; answers are read so that the keepalive quota is freed.

import { type Batch, nextBatch, tell, waiting } from "./gate.js";
import { Kind } from "./input.js";

const INTERVAL_MS = 5000;
/** A batch is full at 28 KiB: no need to wait then. */
const FULL_BYTES = 24 * 1024;
/** An answer that takes longer is none. */
const TIMEOUT_MS = 30000;

export interface Delivery {
  /** Something may wait: sends it within the interval. */
  schedule(): void;
  /** Sends now; `leaving` whatever happened to the last try. */
  deliver(leaving: boolean): void;
  /** Done when all that is on its way is answered. */
  settled(): Promise<void>;
  stop(): void;
}

export function delivery(
  endpoint: string,
  nativeFetch: typeof fetch,
  guard: (run: () => void) => void,
): Delivery {
  const onTheirWay = new Set<Promise<void>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const schedule = () => {
    const bytes = stopped ? 0 : waiting();
    if (bytes >= FULL_BYTES) deliver(false);
    if (!bytes || timer !== undefined) return;
    timer = setTimeout(
      () =>
        guard(() => {
          timer = undefined;
          deliver(false);
          schedule();
        }),
      INTERVAL_MS,
    );
  };
  const deliver = (leaving: boolean) => {
    let batch: Batch | undefined;
    while ((batch = nextBatch(leaving))) post(batch);
  };
  const post = ({ id, signal, body }: Batch) => {
    const done = nativeFetch(`${endpoint}/v1/${signal}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-protobuf" },
      keepalive: true,
      ...(AbortSignal.timeout && { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    })
      .then((answer) => answer.arrayBuffer().then(() => answer.status))
      .catch(() => 0)
      .then((status) => {
        onTheirWay.delete(done);
        guard(() => {
          if (stopped) return;
          tell(Kind.Settled, [id, status, performance.now()]);
          schedule();
        });
      });
    onTheirWay.add(done);
  };
  return {
    schedule,
    deliver,
    async settled() {
      while (onTheirWay.size) await Promise.all(onTheirWay);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
