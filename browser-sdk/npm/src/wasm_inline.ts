// The engine's bytes within the one file of the script-tag build: nothing has to
// be found beside it, whatever it is called and wherever it lies, and what vouches
// for the file (`integrity`) vouches for the engine.

import bytes from "../engine/engine.wasm";

export const wasm = async (): Promise<Uint8Array<ArrayBuffer>> => bytes;
