import { unmaskWasm } from './unmask-wasm.ts'

interface MaskExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly xor: (target: number, source: number, length: number, key: number) => void
}

/** The part of the WebAssembly API that is used: its types come with browsers' only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

const { memory, xor } = instantiate()

/** The only memory that SIMD sees, 20 MiB of which a page costs nothing before it is used. It neither grows nor shrinks. */
export const maskBuffer: ArrayBuffer = memory.buffer

/** XORs bytes of {@link maskBuffer} with a little-endian key. The regions may overlap when target <= source. */
export const xorInMemory: MaskExports['xor'] = xor

let takenBytes = 0

/**
 * Takes memory for good. Bytes in it are masked where they lie, others by way of a copy there and one back: buffers through which
 * all bytes pass belong here. What does not fit any more is ordinary memory.
 */
export function takeMaskMemory(bytes: number): Uint8Array {
  const at = takenBytes
  if (at + bytes > maskBuffer.byteLength) return new Uint8Array(bytes)
  // Whole cache lines.
  takenBytes = at + Math.ceil(bytes / 64) * 64
  return new Uint8Array(maskBuffer, at, bytes)
}

function instantiate(): MaskExports {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
  const bytes = Uint8Array.from(atob(unmaskWasm), (character) => character.charCodeAt(0))
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as MaskExports
}
