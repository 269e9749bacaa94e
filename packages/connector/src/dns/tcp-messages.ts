/** A message as it travels over TCP: two bytes of length before it (RFC 1035 section 4.2.2). */
export function frameDnsMessage(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(message.length + 2)
  framed.writeUInt16BE(message.length)
  framed.set(message, 2)
  return framed
}

/** Takes a TCP stream in pieces and gives whole messages; at most one that is not whole is kept, of at most 64 KiB. */
export class DnsMessageReader {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const messages: Uint8Array[] = []
    while (this.#rest.length >= 2) {
      const end = 2 + this.#rest.readUInt16BE()
      if (this.#rest.length < end) break
      messages.push(this.#rest.subarray(2, end))
      this.#rest = this.#rest.subarray(end)
    }
    return messages
  }
}
