/** Headers by which a relay and a listener of Postern know each other. Official clients send none and get none. */

/** Listen handshake of a listener that leads to one target: a {@link TargetState}. */
export const targetHeader = 'Postern-Target'

/** Answer to it: this relay reads target messages, and its accept messages say the endpoint. */
export const relayHeader = 'Postern-Relay'

/** Connect header of an accept message: the endpoint that the hybrid connection has now. No sender can set it. */
export const endpointHeader = 'Postern-Endpoint'

/** Whether what stands behind a listener answers. */
export type TargetState = 'up' | 'down'

/** Reads the value of {@link targetHeader}; undefined for anything else. */
export function parseTargetState(text: unknown): TargetState | undefined {
  return text === 'up' || text === 'down' ? text : undefined
}
