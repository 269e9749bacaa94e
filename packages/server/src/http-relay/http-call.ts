import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode, RelayTarget } from '@postern/protocol'
import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** One authorised HTTP request that is to reach a listener. */
export interface HttpCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly entity: HybridConnection
  readonly target: RelayTarget
  /** Host header as sent; the pseudonym in `Via` is its name. */
  readonly host: string
  readonly remote: RemoteEndpoint
  readonly trackingId: string
  /** The Authorization header was the credential, so the listener must not see it. */
  readonly dropAuthorization: boolean
  /** The sender waits for 100 Continue before it sends its body. */
  readonly expectsContinue: boolean
  /** Answers an error of the relay itself; only while no response head is out. */
  readonly refuse: (code: ErrorCode, message?: string) => void
  /** Called once when the exchange is over, however it ended. */
  readonly onDone: (outcome: HttpOutcome) => void
}

export interface HttpOutcome {
  /** Absent when no response head reached the sender. */
  readonly status?: number
  /** `complete`, or who or what cut it. */
  readonly end: 'complete' | 'sender-gone' | 'listener-gone' | 'timed-out' | 'refused'
  /** Why it was refused or cut, as far as there is more to say. */
  readonly reason?: string
  /** Id of the listener that got the request; absent when none did. */
  readonly listener?: string
  /** Body bytes. */
  readonly bytesFromSender: number
  readonly bytesFromListener: number
}
