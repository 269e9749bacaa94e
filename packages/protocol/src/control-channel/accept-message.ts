import type { RemoteEndpointField } from './remote-endpoint.ts'

/** Tells a listener that a WebSocket sender waits. */
export interface AcceptMessage {
  /** Where to open the rendezvous, used as it is. */
  readonly address: string
  /** Begins with a GUID: the Java client reads one (observed). */
  readonly id: string
  /** The sender's headers: strings only, .NET and Java drop or break on anything else (observed). */
  readonly connectHeaders: Readonly<Record<string, string>>
  readonly remoteEndpoint: RemoteEndpointField
}

/** Writes the one known shape: the Java client closes its channel over unknown top-level members (observed). */
export function encodeAccept(message: AcceptMessage): string {
  const { address, id, connectHeaders, remoteEndpoint } = message
  return JSON.stringify({ accept: { address, id, connectHeaders, remoteEndpoint } })
}
