// Made from unmask.wat by tools/build-wasm.ts; do not edit.
/** WebAssembly module with `memory` and `xor(at, length, key)`, base64. */
export const unmaskWasm: string =
  'AGFzbQEAAAABBwFgA39/fwADAgEABQMBAAIHEAIGbWVtb3J5AgADeG9yAAAKpAEBoQECAXsBfyAC/REhAyAAIAFBQHFqIQQCQANA' +
  'IAAgBE8NASAAIAD9AAQAIAP9Uf0LBAAgACAA/QAEECAD/VH9CwQQIAAgAP0ABCAgA/1R/QsEICAAIAD9AAQwIAP9Uf0LBDAgAEHA' +
  'AGohAAwACwsgACABQT9xaiEEAkADQCAAIARPDQEgACAALQAAIAJzOgAAIAJBCHghAiAAQQFqIQAMAAsLCw=='
