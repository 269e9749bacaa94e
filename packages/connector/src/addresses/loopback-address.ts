import { createHash } from 'node:crypto'

/** 127.64.0.0/10: what systems use themselves (127.0.0.1, 127.0.0.53, 127.0.1.1) is below it. */
const firstSecondOctet = 64
const secondOctets = 64
/** 0 and 255 look like a network and a broadcast address to some programs. */
const lastOctets = 254

/**
 * The loopback address that a host gets at the n-th attempt: always the same, so that a program that has looked it up
 * long ago, or keeps it in a cache, is still right.
 */
export function loopbackAddress(host: string, attempt: number): string {
  const [second = 0, third = 0, fourth = 0] = createHash('sha256').update(`${host}#${attempt}`).digest()
  return `127.${firstSecondOctet + (second % secondOctets)}.${third}.${1 + (fourth % lastOctets)}`
}
