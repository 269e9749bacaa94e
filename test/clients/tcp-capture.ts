import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One read of one side. */
interface Piece {
  readonly from: 'client' | 'server'
  readonly bytes: Buffer
}

const [protocolTcp, flagsPushAck] = [6, 0x18]
const loopback = Buffer.from([127, 0, 0, 1])

/** A local port in front of another one that keeps what passes, as a capture that Wireshark reads. For one connection. */
export class TcpCapture implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #pieces: Piece[] = []
  readonly #sockets: Socket[] = []

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => {
      const behind = connect(target, '127.0.0.1')
      client.on('data', (bytes: Buffer) => this.#pieces.push({ from: 'client', bytes }))
      behind.on('data', (bytes: Buffer) => this.#pieces.push({ from: 'server', bytes }))
      for (const socket of [client, behind]) socket.on('error', () => {})
      this.#sockets.push(client, behind)
      client.pipe(behind).pipe(client)
    })
  }

  static async open(target: number): Promise<TcpCapture> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpCapture(server, target)
  }

  /**
   * The packets of a TCP connection without its handshake; link type 228 is bare IPv4. What one side says until the other one
   * speaks is one packet, at most 64 KiB: not every dissector of tshark 4.0 puts packets together.
   */
  toPcap(): Buffer {
    const head = Buffer.alloc(24)
    head.writeUInt32LE(0xa1b2c3d4, 0)
    head.writeUInt16LE(2, 4)
    head.writeUInt16LE(4, 6)
    head.writeUInt32LE(0x40000, 16)
    head.writeUInt32LE(228, 20)
    const sent = { client: 1, server: 1 }
    const packets = this.#turns().map(({ from, bytes }) => {
      const packet = this.#packet(from, bytes, sent)
      sent[from] += bytes.length
      return packet
    })
    return Buffer.concat([head, ...packets])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #turns(): readonly Piece[] {
    const turns: Piece[] = []
    for (const { from, bytes } of this.#pieces) {
      const last = turns.at(-1)
      if (last?.from === from) turns[turns.length - 1] = { from, bytes: Buffer.concat([last.bytes, bytes]) }
      else turns.push({ from, bytes })
    }
    return turns
  }

  #packet(from: Piece['from'], part: Buffer, sent: Readonly<Record<Piece['from'], number>>): Buffer {
    const to = from === 'client' ? 'server' : 'client'
    const ports = { client: this.port, server: this.#target }
    const record = Buffer.alloc(16)
    const ip = Buffer.alloc(20)
    const tcp = Buffer.alloc(20)
    const length = ip.length + tcp.length + part.length
    record.writeUInt32LE(length, 8)
    record.writeUInt32LE(length, 12)
    ip[0] = 0x45
    ip.writeUInt16BE(length, 2)
    ip[8] = 64
    ip[9] = protocolTcp
    loopback.copy(ip, 12)
    loopback.copy(ip, 16)
    tcp.writeUInt16BE(ports[from], 0)
    tcp.writeUInt16BE(ports[to], 2)
    tcp.writeUInt32BE(sent[from], 4)
    tcp.writeUInt32BE(sent[to], 8)
    tcp[12] = 0x50
    tcp[13] = flagsPushAck
    tcp.writeUInt16BE(0xff_ff, 14)
    return Buffer.concat([record, ip, tcp, part])
  }
}
