import { maxHelloBytes, readClientHello } from './client-hello.ts'

/** What the first bytes of a device say about the way that it wants to go. */
export type FirstBytes =
  /** Ask again when there are so many. */
  | { readonly kind: 'incomplete'; readonly neededBytes: number }
  /** No name: the client dialed an address, or is too old. */
  | { readonly kind: 'tls'; readonly serverName: string | undefined }
  | { readonly kind: 'http' }
  /** A client of PostgreSQL asks whether the server speaks TLS or GSSAPI, and waits for one byte. */
  | { readonly kind: 'postgres'; readonly asks: 'tls' | 'gss' }
  | { readonly kind: 'unknown' }

/** The most bytes that {@link readFirstBytes} asks for: a hello of full length, in records that are not all tiny. */
export const maxFirstBytes: number = maxHelloBytes + 1024

/** A hello comes in one record or two; hundreds of them would only be a way to make us work. */
const maxRecords = 16

const tlsHandshake = 22

/** PostgreSQL's frontend/backend protocol, "SSLRequest" and "GSSENCRequest": length 8, and a code in place of a version. */
export const postgresTlsRequest: Uint8Array = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47)
const postgresGssRequest: Uint8Array = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 48)

/** Looks at all bytes so far. Keeps no state, and looks into a hello only when its last record is whole. */
export function readFirstBytes(bytes: Uint8Array): FirstBytes {
  const [first] = bytes
  if (first === undefined) return { kind: 'incomplete', neededBytes: 1 }
  if (first === tlsHandshake) return readTls(bytes)
  if (first === 0) return readPostgres(bytes)
  // Every method of HTTP begins with a capital letter, and no TLS does.
  return first >= 65 && first <= 90 ? { kind: 'http' } : { kind: 'unknown' }
}

function readPostgres(bytes: Uint8Array): FirstBytes {
  if (bytes.length < postgresTlsRequest.length) return { kind: 'incomplete', neededBytes: postgresTlsRequest.length }
  const begins = (request: Uint8Array): boolean => request.every((byte, at) => bytes[at] === byte)
  if (begins(postgresTlsRequest)) return { kind: 'postgres', asks: 'tls' }
  return begins(postgresGssRequest) ? { kind: 'postgres', asks: 'gss' } : { kind: 'unknown' }
}

function readTls(bytes: Uint8Array): FirstBytes {
  const neededBytes = endOfRecords(bytes)
  if (neededBytes === undefined || neededBytes > maxFirstBytes) return { kind: 'unknown' }
  if (bytes.length < neededBytes) return { kind: 'incomplete', neededBytes }
  const hello = readClientHello(bytes)
  if (hello.kind === 'present') return { kind: 'tls', serverName: hello.serverName }
  return hello.kind === 'absent' ? { kind: 'unknown' } : { kind: 'incomplete', neededBytes: bytes.length + 5 }
}

/** Where the last record that has begun ends; undefined when there are too many. */
function endOfRecords(bytes: Uint8Array): number | undefined {
  let end = 0
  for (let records = 0; records < maxRecords; records += 1) {
    if (bytes.length < end + 5) return bytes.length === end && end > 0 ? end : end + 5
    end += 5 + ((bytes[end + 3] ?? 0) << 8) + (bytes[end + 4] ?? 0)
    if (end >= bytes.length) return end
  }
  return undefined
}
