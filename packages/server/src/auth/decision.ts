import type { ErrorCode } from '@postern/protocol'
import type { Caller } from '../domain/caller.ts'

/** Who is calling, as far as the credential tells. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'rule'
      readonly scope: 'namespace' | 'hybridConnection'
      readonly rule: string
      readonly key: 'primary' | 'secondary'
    }
  /** The holder of a bearer token, and the role that lets him in. */
  | { readonly kind: 'caller'; readonly caller: Caller; readonly role: string }

/** The outcome of one authorisation; `reason` is for log and audit, never for the caller. */
export type Decision =
  | {
      readonly allowed: true
      readonly principal: Principal
      /** When the credential ends, epoch milliseconds; Infinity for anonymous senders. */
      readonly expiresAtMs: number
    }
  | {
      readonly allowed: false
      readonly code: ErrorCode
      readonly reason: string
      /** Who it was, where the credential proves that much. */
      readonly principal?: Principal
    }

/** The principal as one word for logs: `anonymous`, `rule:namespace/RootManageSharedAccessKey`, `app:shop`. */
export function principalName(principal: Principal): string {
  if (principal.kind === 'caller') return principal.caller.name
  return principal.kind === 'anonymous' ? 'anonymous' : `rule:${principal.scope}/${principal.rule}`
}

/** What let this principal in, for the audit log. */
export function principalReason(principal: Principal): string {
  switch (principal.kind) {
    case 'anonymous':
      return 'no client authorization is required'
    case 'rule':
      return `${principal.key} key`
    case 'caller':
      return `role ${principal.role}`
  }
}
