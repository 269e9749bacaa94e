import { unmaskWasm } from './unmask-wasm.ts'

/**
 * Payload bytes below which a plain loop masks. Socket buffers lie outside WebAssembly memory, so SIMD means copy in, XOR,
 * copy back: about 85 ns for the way. Measured on Node 24, ns a run (bench/micro/mask.bench.ts repeats it):
 *
 * | bytes                    |  64 | 128 | 256 | 1,024 |  4,096 | 65,536 |
 * | loop over bytes          |  41 |  73 | 142 |   525 |  2,064 | 33,104 |
 * | loop over a Uint32Array  |  43 |  50 |  69 |   168 |    596 |  9,106 |
 * | copy, SIMD, copy         |  87 | 110 |  94 |   128 |    297 |  3,574 |
 *
 * A Uint32Array loop would win at most 60 ns, between 64 and 512 bytes, and only where source and target are aligned alike.
 */
const shortBytes = 128

/** Payloads pass through WebAssembly memory in steps that stay in the first-level cache: 64 KiB ones took 14 % longer. */
const scratchBytes = 16_384

const { memory, xor } = instantiate()
const scratch = new Uint8Array(memory.buffer, 0, scratchBytes)

/**
 * Masks or unmasks `length` bytes from `source` to `target` of one buffer; the regions may overlap when target <= source.
 * RFC 6455 section 5.3
 *
 * @param key the 4 key bytes as a little-endian integer
 * @param phase which key byte comes first, 0-3
 * @returns the phase for the bytes that follow
 */
export function xorMask(
  buffer: Uint8Array,
  region: { readonly source: number; readonly target: number; readonly length: number },
  key: number,
  phase: number,
): number {
  return xorRegion(buffer, region.source, region.target, region.length, key, phase)
}

/** `xorMask` with plain numbers, for the hot path: an object a frame would be garbage. */
export function xorRegion(
  buffer: Uint8Array,
  source: number,
  target: number,
  length: number,
  key: number,
  phase: number,
): number {
  const rotated = phase === 0 ? key : (key >>> (8 * phase)) | (key << (32 - 8 * phase))
  if (key === 0) {
    if (source !== target) buffer.copyWithin(target, source, source + length)
  } else if (length < shortBytes) {
    xorShort(buffer, source, target, length, rotated)
  } else {
    xorLong(buffer, source, target, length, rotated)
  }
  return (phase + length) & 3
}

/** Masks all of `source` into `target` at `at`, without a copy in between. The key's first byte is for the first one. */
export function xorCopy(source: Uint8Array, target: Uint8Array, at: number, key: number): void {
  for (let done = 0; done < source.length; done += scratchBytes) {
    const step = Math.min(scratchBytes, source.length - done)
    scratch.set(step === source.length ? source : source.subarray(done, done + step))
    xor(0, step, key)
    target.set(step === scratchBytes ? scratch : scratch.subarray(0, step), at + done)
  }
}

function xorShort(buffer: Uint8Array, source: number, target: number, length: number, key: number): void {
  let i = 0
  for (; i + 4 <= length; i += 4) {
    buffer[target + i] = (buffer[source + i] as number) ^ key
    buffer[target + i + 1] = (buffer[source + i + 1] as number) ^ (key >>> 8)
    buffer[target + i + 2] = (buffer[source + i + 2] as number) ^ (key >>> 16)
    buffer[target + i + 3] = (buffer[source + i + 3] as number) ^ (key >>> 24)
  }
  for (let rest = key; i < length; i += 1, rest >>>= 8) buffer[target + i] = (buffer[source + i] as number) ^ rest
}

/** Scratch steps are a multiple of 4, so the key stays in phase from one to the next. */
function xorLong(buffer: Uint8Array, source: number, target: number, length: number, key: number): void {
  for (let done = 0; done < length; done += scratchBytes) {
    const step = Math.min(scratchBytes, length - done)
    scratch.set(buffer.subarray(source + done, source + done + step))
    xor(0, step, key)
    buffer.set(step === scratchBytes ? scratch : scratch.subarray(0, step), target + done)
  }
}

interface UnmaskExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly xor: (at: number, length: number, key: number) => void
}

/** The part of the WebAssembly API that is used: its types come with browsers' only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

function instantiate(): UnmaskExports {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
  const bytes = Uint8Array.from(atob(unmaskWasm), (character) => character.charCodeAt(0))
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as UnmaskExports
}
