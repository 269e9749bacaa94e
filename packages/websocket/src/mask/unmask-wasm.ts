// Made from unmask.wat by tools/build-wasm.ts; do not edit.
/** WebAssembly module with `memory` and `xor(target, source, length, key)`, base64. */
export const unmaskWasm: string =
  'AGFzbQEAAAABCAFgBH9/f38AAwIBAAUEAQDAAgcQAgZtZW1vcnkCAAN4b3IAAAqzAQGwAQIBewF/IAP9ESEEIAEgAkFAcWohBQJA' +
  'A0AgASAFTw0BIAAgAf0ABAAgBP1R/QsEACAAIAH9AAQQIAT9Uf0LBBAgACAB/QAEICAE/VH9CwQgIAAgAf0ABDAgBP1R/QsEMCAB' +
  'QcAAaiEBIABBwABqIQAMAAsLIAEgAkE/cWohBQJAA0AgASAFTw0BIAAgAS0AACADczoAACADQQh4IQMgAUEBaiEBIABBAWohAAwA' +
  'CwsL'
