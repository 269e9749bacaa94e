import type { Action, ErrorCode } from '@postern/protocol'
import type { Principal } from '../auth/decision.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** A streaming sender or subscriber, as the watch over resources sees it. */
export interface MessagePeer {
  readonly action: Action
  readonly principal: Principal
  readonly remote: RemoteEndpoint
  /** It came through the private door. */
  readonly isPrivate: boolean
  /** Closes it when it would not be admitted now. */
  revalidate(): void
  /** @param refused what is wrong with the peer, if anything */
  close(code: number, reason: string, refused?: ErrorCode): void
}

/** Where a peer came from. */
export type MessagePeerSource = Pick<MessagePeer, 'remote' | 'isPrivate'> & { readonly trackingId: string }

/** How a streaming sender or subscriber ended. */
export interface MessagePeerEnd {
  readonly code: number
  readonly reason: string
  /** What the relay ended it for; absent when the peer did, or when nothing was wrong with it. */
  readonly refused?: ErrorCode
  /** Messages that it sent, or that were written to it. */
  readonly messages: number
  /** Bytes of them; of what was written to a subscriber, its framing included. */
  readonly bytes: number
}
