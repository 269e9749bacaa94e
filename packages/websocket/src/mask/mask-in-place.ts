import { unmaskWasm } from './unmask-wasm.ts'

/** The part of WebAssembly that is used here; @types/node does not describe it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface UnmaskExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  unmask(at: number, length: number, key: number): void
}

/** A block, its copy and the key fit the 32 KiB first-level cache; 32 and 64 KiB measured 10 % slower. */
const blockBytes = 16_384

/**
 * Runs shorter than this are masked by a plain loop. Socket buffers live outside WebAssembly memory, so SIMD means copy
 * in, XOR, copy back, about 85 ns for the way there and back. Measured per run on Node 24 (bench/micro/mask.bench.ts):
 * 64 bytes: loop 41 ns, SIMD 87; 128 bytes: 73 and 86; 1 KiB: 525 and 128 (Uint32Array loop 168);
 * 64 KiB: 33,104 and 3,574 (Uint32Array loop 9,106). The Uint32Array loop wins nowhere by more than 40 ns.
 */
const shortRunBytes = 128

const { memory, unmask } = instantiate()
const scratch = new Uint8Array(memory.buffer, 0, blockBytes)

/**
 * Masks, or unmasks, the bytes `start` to `end` of `buffer`. RFC 6455 section 5.3. Positional parameters: this is called
 * for every piece of payload.
 *
 * @param key the four mask bytes as a little-endian 32-bit integer.
 * @param phase which of the four bytes, 0 to 3, masks the first one.
 * @returns the phase for the byte behind `end`.
 */
export function maskInPlace(buffer: Uint8Array, start: number, end: number, key: number, phase: number): number {
  return maskInto(buffer, start, end, buffer, start, key, phase)
}

/**
 * The same with the result in `target` at `at`, which costs nothing on top of masking in place. In one buffer the result
 * may overlap its source only when `at` is not behind `start`.
 *
 * @returns the phase for the byte behind `end`.
 */
export function maskInto(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  key: number,
  phase: number,
): number {
  const length = end - start
  const turned = phase === 0 ? key : (key >>> (8 * phase)) | (key << (32 - 8 * phase))
  if (turned === 0) moveBytes(source, start, end, target, at)
  else if (length < shortRunBytes) maskShortRun(source, start, end, target, at, turned)
  else maskLongRun(source, start, end, target, at, turned)
  return (phase + length) & 3
}

/** Some clients mask with key 0: nothing to do but to move. */
function moveBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (source !== target) target.set(source.subarray(start, end), at)
  else if (at !== start) target.copyWithin(at, start, end)
}

function maskShortRun(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  key: number,
): void {
  let from = start
  let to = at
  for (let rest = key; from < end; rest = (rest >>> 8) | (rest << 24)) target[to++] = (source[from++] as number) ^ rest
}

/** The key needs no turning between blocks, whose length is a multiple of 4. */
function maskLongRun(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  key: number,
): void {
  let from = start
  let to = at
  for (; end - from >= blockBytes; from += blockBytes, to += blockBytes) {
    scratch.set(source.subarray(from, from + blockBytes))
    unmask(0, blockBytes, key)
    target.set(scratch, to)
  }
  const rest = end - from
  if (rest === 0) return
  scratch.set(source.subarray(from, end))
  unmask(0, rest, key)
  target.set(scratch.subarray(0, rest), to)
}

function instantiate(): UnmaskExports {
  const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly
  const bytes = Uint8Array.from(atob(unmaskWasm), (character) => character.charCodeAt(0))
  return new api.Instance(new api.Module(bytes)).exports as UnmaskExports
}
