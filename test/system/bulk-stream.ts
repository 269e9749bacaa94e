import { createCipheriv, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'

const zeros = Buffer.alloc(262_144)

/** So many bytes that no other seed gives and that are nowhere the same, added to `hash` as they leave. */
export function bulkStream(seed: number, bytes: number, hash: Hash): Readable {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  let left = bytes
  return new Readable({
    highWaterMark: zeros.length,
    read() {
      if (left === 0) {
        this.push(null)
        return
      }
      const chunk = cipher.update(zeros.subarray(0, Math.min(left, zeros.length)))
      left -= chunk.length
      hash.update(chunk)
      this.push(chunk)
    },
  })
}
