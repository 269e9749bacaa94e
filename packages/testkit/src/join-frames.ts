import type { Duplex } from 'node:stream'

const close = 8
const ping = 9
const pong = 10

/**
 * Moves a client's frames to another client, unmasked, one by one: CLOSE passes without an answer, PING is answered,
 * a cut is passed on as a cut, TCP ends when both directions have had their CLOSE. For tests: simple, not fast.
 */
export function joinFrames(from: Duplex, to: Duplex): void {
  let pending: Buffer = Buffer.alloc(0)
  const state = stateOf(from)
  const peer = stateOf(to)

  from.on('data', (chunk: Buffer) => {
    pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk
    for (;;) {
      const frame = readFrame(pending)
      if (!frame) return
      pending = pending.subarray(frame.length)
      if (frame.opcode === ping) from.write(encode(0x80 | pong, frame.payload))
      if (frame.opcode === ping || frame.opcode === pong) continue
      if (!to.write(encode(frame.first, frame.payload))) {
        from.pause()
        to.once('drain', () => from.resume())
      }
      if (frame.opcode !== close) continue
      state.hasClosed = true
      if (!peer.hasClosed) continue
      from.end()
      to.end()
    }
  })
  from.on('error', () => {})
  from.on('end', () => {
    if (!(state.hasClosed && peer.hasClosed)) cut(to)
    from.end()
  })
  from.on('close', () => {
    if (!(state.hasClosed && peer.hasClosed)) cut(to)
  })
}

const states = new WeakMap<Duplex, { hasClosed: boolean }>()

function stateOf(socket: Duplex): { hasClosed: boolean } {
  const known = states.get(socket) ?? { hasClosed: false }
  states.set(socket, known)
  return known
}

function cut(socket: Duplex): void {
  if (!socket.destroyed) (socket as Duplex & { resetAndDestroy(): void }).resetAndDestroy()
}

function readFrame(bytes: Buffer): { first: number; opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes.readUInt8(0)
  const short = bytes.readUInt8(1) & 0x7f
  const headerLength = 6 + (short === 126 ? 2 : short === 127 ? 8 : 0)
  if (bytes.length < headerLength) return undefined
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  if (bytes.length < headerLength + size) return undefined
  const mask = bytes.subarray(headerLength - 4, headerLength)
  const payload = Buffer.from(bytes.subarray(headerLength, headerLength + size))
  for (let i = 0; i < size; i += 1) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0)
  return { first, opcode: first & 0x0f, payload, length: headerLength + size }
}

function encode(first: number, payload: Buffer): Buffer {
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload])
  const header = Buffer.alloc(length < 65_536 ? 4 : 10)
  header.writeUInt8(first, 0)
  header.writeUInt8(length < 65_536 ? 126 : 127, 1)
  if (length < 65_536) header.writeUInt16BE(length, 2)
  else header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}
