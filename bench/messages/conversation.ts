/** What one publisher and its subscribers say to a broker, byte for byte, so that the load needs to know no protocol. */
export interface Conversation {
  readonly port: number
  /** What a subscriber says first, and how the broker's reply to it ends. */
  readonly subscribe: Uint8Array
  readonly subscribed: Uint8Array
  /** The same for the publisher. */
  readonly publish: Uint8Array
  readonly published: Uint8Array
  /** One message as the publisher writes it. */
  readonly message: Uint8Array
  /** Bytes that a subscriber gets for it. */
  readonly deliveryBytes: number
}

/** What every message carries, the same for all brokers. */
export const payload: Uint8Array = Buffer.alloc(128, 'm')
