// The engine as esbuild puts it into a file: base64, made bytes again.

declare module "*/engine.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
