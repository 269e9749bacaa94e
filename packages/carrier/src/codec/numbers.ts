/** Offsets fit in six bytes, and exactly in a number. */
export const maxOffset: number = 2 ** 48 - 1

export function writeU16(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 8
  buffer[at + 1] = value
}

export function writeU32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
}

export function writeU48(buffer: Uint8Array, at: number, value: number): void {
  writeU16(buffer, at, Math.floor(value / 0x1_0000_0000))
  writeU32(buffer, at + 2, value % 0x1_0000_0000)
}

export function readU16(buffer: Uint8Array, at: number): number {
  return (byte(buffer, at) << 8) | byte(buffer, at + 1)
}

export function readU32(buffer: Uint8Array, at: number): number {
  return readU16(buffer, at) * 0x1_0000 + readU16(buffer, at + 2)
}

export function readU48(buffer: Uint8Array, at: number): number {
  return readU16(buffer, at) * 0x1_0000_0000 + readU32(buffer, at + 2)
}

/** Lengths were checked before: a missing byte is a bug, and reads as 0. */
function byte(buffer: Uint8Array, at: number): number {
  return buffer[at] ?? 0
}
