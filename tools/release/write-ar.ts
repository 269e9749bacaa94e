/** One member of an `ar` archive. */
export interface ArMember {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The bytes of an `ar` archive as deb(5) wants it: a magic line, then for each member a head of 60 bytes and its bytes, filled up to an
 * even number.
 */
export function writeAr(members: readonly ArMember[], modifiedAt: Date): Uint8Array {
  const seconds = String(Math.floor(modifiedAt.getTime() / 1_000))
  const parts = members.flatMap(({ name, bytes }) => [
    Buffer.from(
      `${name.padEnd(16)}${seconds.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    Buffer.from(bytes.length % 2 === 1 ? '\n' : ''),
  ])
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}
