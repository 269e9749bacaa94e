/** All that senders and subscribers may do at a hybrid connection. docs/protocol/messages.md */
export const actions = ['connect', 'request', 'send', 'publish', 'subscribe'] as const

/** What a hybrid connection can allow: a WebSocket, an HTTP request, a message to one or to all, receiving messages. */
export type Action = (typeof actions)[number]

/** What a hybrid connection allows that does not say it: all that Azure Relay has. */
export const defaultActions: readonly Action[] = ['connect', 'request']

/** Tells whether a value from outside is an {@link Action}; the spelling must be exact. */
export function isAction(value: unknown): value is Action {
  return actions.some((action) => action === value)
}
