/** A request to the identity endpoints, as whoever holds the socket has read it. */
export interface IdentityRequest {
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The body of a form; absent when the route takes none or nothing was sent. */
  readonly form?: URLSearchParams
  /** `https://host[:port]` as the client wrote it. */
  readonly origin: string
  /** Source address in canonical form. */
  readonly address: string
}

export interface IdentityReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A sign-in that succeeded or failed, for the audit log. */
export interface SignInEvent {
  /** `client_credentials`, `device_code`, `refresh_token`, `device_page`. */
  readonly grant: string
  /** Object id, as soon as somebody has proven to be it. */
  readonly principalId?: string
  /** Client id or sign-in name as it was given; `unknown` for what can be neither. */
  readonly name: string
  readonly address: string
  readonly result: 'succeeded' | 'failed'
  /** For people who read the log. */
  readonly reason: string
}

/** Longest form that is read. Assertions with their certificate chain have about 6 KiB. */
export const maxFormBytes = 65_536

/** An answer that no cache may keep. */
export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): IdentityReply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}
