/** The true source of a connection, after PROXY protocol or X-Forwarded-For of a trusted proxy. */
export interface RemoteEndpoint {
  readonly address: string
  readonly port: number
}
