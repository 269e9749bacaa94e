import { maskBuffer, takeMaskMemory, xorInMemory } from './mask-memory.ts'

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

const scratch = takeMaskMemory(scratchBytes)
const scratchAt = scratch.byteOffset

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
    xorShort(buffer, source, buffer, target, length, rotated)
  } else if (buffer.buffer === maskBuffer) {
    xorInMemory(buffer.byteOffset + target, buffer.byteOffset + source, length, rotated)
  } else {
    xorByScratch(buffer, source, buffer, target, length, rotated)
  }
  return (phase + length) & 3
}

/**
 * Masks or unmasks `length` bytes at `start` of one buffer to `at` of another, in one pass where both lie in mask memory. Plain numbers:
 * this is the hot path.
 *
 * @param phase which key byte comes first, 0-3
 */
export function xorTo(
  source: Uint8Array,
  start: number,
  target: Uint8Array,
  at: number,
  length: number,
  key: number,
  phase: number,
): void {
  const rotated = phase === 0 ? key : (key >>> (8 * phase)) | (key << (32 - 8 * phase))
  if (length < shortBytes) {
    xorShort(source, start, target, at, length, rotated)
  } else if (target.buffer !== maskBuffer) {
    xorByScratch(source, start, target, at, length, rotated)
  } else if (source.buffer !== maskBuffer) {
    target.set(source.subarray(start, start + length), at)
    xorInMemory(target.byteOffset + at, target.byteOffset + at, length, rotated)
  } else {
    xorInMemory(target.byteOffset + at, source.byteOffset + start, length, rotated)
  }
}

/** Masks all of `source` into `target` at `at`. The key's first byte is for the first one. */
export function xorCopy(source: Uint8Array, target: Uint8Array, at: number, key: number): void {
  xorTo(source, 0, target, at, source.length, key, 0)
}

function xorShort(
  source: Uint8Array,
  start: number,
  target: Uint8Array,
  at: number,
  length: number,
  key: number,
): void {
  let i = 0
  for (; i + 4 <= length; i += 4) {
    target[at + i] = (source[start + i] as number) ^ key
    target[at + i + 1] = (source[start + i + 1] as number) ^ (key >>> 8)
    target[at + i + 2] = (source[start + i + 2] as number) ^ (key >>> 16)
    target[at + i + 3] = (source[start + i + 3] as number) ^ (key >>> 24)
  }
  for (let rest = key; i < length; i += 1, rest >>>= 8) target[at + i] = (source[start + i] as number) ^ rest
}

/** Scratch steps are a multiple of 4, so the key stays in phase from one to the next. */
function xorByScratch(
  source: Uint8Array,
  start: number,
  target: Uint8Array,
  at: number,
  length: number,
  key: number,
): void {
  for (let done = 0; done < length; done += scratchBytes) {
    const step = Math.min(scratchBytes, length - done)
    scratch.set(source.subarray(start + done, start + done + step))
    xorInMemory(scratchAt, scratchAt, step, key)
    target.set(step === scratchBytes ? scratch : scratch.subarray(0, step), at + done)
  }
}
