// The engine as JavaScript, made by wasm2js, for pages that can't have wasm: the
// same exports as engine.wasm's. `build.mjs` puts it beside the engine's module.

import type { Engine } from "./gate.js";

export const memory: Engine["memory"];
export const room: Engine["room"];
export const engine: Engine["engine"];
