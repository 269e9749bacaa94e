import type { ErrorCode } from '@postern/protocol'

/** Who is calling, as far as the credential tells. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'rule'
      readonly scope: 'namespace' | 'hybridConnection'
      readonly rule: string
      readonly key: 'primary' | 'secondary'
    }

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

/** The principal as one word for logs: `anonymous`, `rule:namespace/RootManageSharedAccessKey`. */
export function principalName(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'anonymous' : `rule:${principal.scope}/${principal.rule}`
}

/** What let this principal in, for the audit log. */
export function principalReason(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'no client authorization is required' : `${principal.key} key`
}
