// What could not be sent, kept across pages: each batch an item of localStorage,
// because that alone is written before a page that is left is gone. Shared by
// the tabs of an origin, bounded, and given up where the browser refuses it.

import type { Batch } from "./gate.js";
import { Kind } from "./input.js";
import type { Input } from "./loader.js";
import { type Left, LEFT_PREFIX, namesOf } from "./left.js";

/** With the version of the format. */
const PREFIX = "sightline.1.";
/** Characters, a byte each, of all that is kept. */
const MAX_KEPT = 128 * 1024;
/** Batches that are taken out at once: those in memory don't survive a crash. */
const TAKEN = 2;
/** For other tabs to see what one has taken. */
const SETTLE_MS = 50;

export interface Kept {
  /** Keeps a batch, older ones of less worth go for it; says whether it could. */
  keep(batch: Batch): boolean;
  /** Takes batches out if they are still wanted, the most important first; no
   * two tabs take the same. */
  take(isWanted: () => boolean, each: (batch: Omit<Batch, "id">) => void): void;
}

/** `evicted` is told of records that went. None where storage is forbidden. */
export function storage(evicted: (records: number) => void): Kept | undefined {
  let items: Storage;
  try {
    items = localStorage;
  } catch {
    return;
  }
  // Histograms before spans before events, then by age: in the order in which
  // they may go.
  const names = () =>
    Object.keys(items)
      .filter((name) => name.startsWith(PREFIX))
      .sort();
  const count = (name: string) => +name.split(".")[5]! || 0;

  return {
    keep({ signal, count: records, body }) {
      const id = Math.random().toString(36).slice(2, 9);
      const name = `${PREFIX}${2 - signal}.${Date.now().toString(36)}.${id}.${records}`;
      const value = String.fromCharCode(...body);
      const others = names();
      let size = others.reduce((sum, other) => sum + items.getItem(other)!.length, value.length);
      for (;;) {
        try {
          if (size <= MAX_KEPT) {
            items.setItem(name, value);
            return true;
          }
        } catch {
          // The origin's quota is used up.
        }
        const oldest = others.shift();
        if (!oldest || oldest > name) return false;
        size -= items.getItem(oldest)!.length;
        items.removeItem(oldest);
        evicted(count(oldest));
      }
    },
    take(isWanted, each) {
      const run = () => {
        for (const name of isWanted() ? names().slice(-TAKEN) : []) {
          const value = items.getItem(name)!;
          items.removeItem(name);
          each({
            signal: 2 - +name[PREFIX.length]!,
            count: count(name),
            body: Uint8Array.from(value, (character) => character.charCodeAt(0)),
          });
        }
      };
      if (!names().length) return;
      // Without locks (no secure context) two tabs could take the same.
      if (!navigator.locks) return run();
      // A document that may not lock may not keep either.
      alone(PREFIX, {}, run).catch(() => {});
    },
  };
}

/** Runs this while no other tab does; done when it has run, or was not to wait. */
function alone(name: string, options: LockOptions, run: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const locked = (lock: Lock | null) => {
      if (lock) run();
      resolve();
      return new Promise((done) => setTimeout(done, SETTLE_MS));
    };
    navigator.locks.request(name, options, locked).catch(reject);
  });
}

/** Takes what pages left that had no engine, each with its `performance.timeOrigin`;
 * what no page of ours wrote is taken out, too. */
export async function takeLeft(): Promise<[originMs: number, left: Left][]> {
  const taken: [number, Left][] = [];
  const own = LEFT_PREFIX + performance.timeOrigin;
  const run = () => {
    for (const name of namesOf(LEFT_PREFIX)) {
      // This page may come back to it.
      if (name === own) continue;
      const text = localStorage.getItem(name)!;
      localStorage.removeItem(name);
      try {
        const left: Left = JSON.parse(text);
        const isInput = ([kind, numbers, texts]: Input) =>
          kind < Kind.Start && Array.isArray(numbers) && Array.isArray(texts ?? []);
        if (left[2].every(isInput)) taken.push([+name.slice(LEFT_PREFIX.length), left]);
      } catch {}
    }
  };
  try {
    if (!namesOf(LEFT_PREFIX).length) return taken;
    if (!navigator.locks) run();
    // Where another tab is taking them, that one tells them.
    else await alone(LEFT_PREFIX, { ifAvailable: true }, run);
  } catch {
    // There is no storage, or none that may be locked.
  }
  return taken;
}
