/** Where a sender connects from. The Java client demands it in every accept message (observed). */
export interface RemoteEndpointField {
  readonly address: string
  readonly port: number
}
