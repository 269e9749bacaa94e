/** Frame opcodes. RFC 6455 section 5.2. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** One of the opcodes that RFC 6455 defines. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode]
