/** All rights that an authorization rule can have, in Azure's order. */
export const rights = ['Listen', 'Send', 'Manage'] as const

/** What an authorization rule allows: to listen, to send, to change the resource. */
export type Right = (typeof rights)[number]

/** Tells whether a value from outside is a {@link Right}; the spelling must be exact. */
export function isRight(value: unknown): value is Right {
  return rights.some((right) => right === value)
}
