// Where the engine's bytes come from: the file beside this module. The script-tag
// build has wasm_inline.ts in its place.

/** Written so that bundlers find the file and bring it along. */
export const wasm = (nativeFetch: typeof fetch): Promise<ArrayBuffer> =>
  nativeFetch(new URL("./engine.wasm", import.meta.url)).then((answer) => answer.arrayBuffer());
