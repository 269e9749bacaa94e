import type { RemoteEndpointField } from './remote-endpoint.ts'

/** An HTTP request for a listener. */
export interface RequestMessage {
  /** Where to open a rendezvous if the response is larger than 64 KiB. */
  readonly address: string
  readonly id: string
  /** Path with the entity's name, and query. */
  readonly requestTarget: string
  readonly method: string
  readonly remoteEndpoint: RemoteEndpointField
  readonly requestHeaders: Readonly<Record<string, string>>
  /** Whether one binary message with the body follows at once. */
  readonly body: boolean
}

/** Writes the full form: hyco-https knows it by `method`, .NET and Java by `body`, so both always stand (observed). */
export function encodeRequest(message: RequestMessage): string {
  const { address, id, requestTarget, method, remoteEndpoint, requestHeaders, body } = message
  return JSON.stringify({ request: { address, id, requestTarget, method, remoteEndpoint, requestHeaders, body } })
}

/** Writes the short form, neither `method` nor `body`: the listener fetches the request from the rendezvous. */
export function encodeRequestAddress({ address, id }: { readonly address: string; readonly id: string }): string {
  return JSON.stringify({ request: { address, id } })
}
