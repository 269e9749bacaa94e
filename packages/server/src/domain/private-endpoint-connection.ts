/**
 * A request of a private endpoint to reach a namespace. Kept and answered for clients that manage them; what really lets
 * callers in is the private door.
 */
export interface PrivateEndpointConnection {
  readonly name: string
  /** ARM id of the private endpoint. */
  readonly privateEndpointId: string
  readonly status: 'Pending' | 'Approved' | 'Rejected' | 'Disconnected'
  readonly description: string
}
