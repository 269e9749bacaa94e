/** What a rule grants: to listen, to send, or to manage the entity. */
export const rights = ['Listen', 'Send', 'Manage'] as const

export type Right = (typeof rights)[number]

export function isRight(value: unknown): value is Right {
  return rights.includes(value as Right)
}
