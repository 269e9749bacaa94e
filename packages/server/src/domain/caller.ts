/** Who holds a verified bearer token. */
export interface Caller {
  /** Object id: what role assignments name. Principals of other issuers have the issuer's name and a colon before it. */
  readonly id: string
  /** The id first, then the groups that the issuer vouches for, in the form of role assignments. */
  readonly principalIds: readonly string[]
  /** For logs and audit: `user:admin`, `app:shop`, `corp:alice@example.com`. */
  readonly name: string
  readonly kind: 'user' | 'servicePrincipal' | 'app' | 'hcm' | 'external'
  /** Client id of the program that asked for the token; absent when the issuer does not say. */
  readonly clientId?: string
  /** When the token ends, epoch milliseconds. */
  readonly expiresAtMs: number
}

/** A caller in the audit log: a name may be given to somebody else one day, an id never is. */
export function auditedName({ name, id }: Caller): string {
  return `${name} (${id})`
}

/** The name and id that `auditedName` made one text of; of other principals the whole is the name. */
export function readAuditedName(text: string): { readonly name: string; readonly id?: string } {
  const [, name, id] = /^(.*) \(([^()]*)\)$/s.exec(text) ?? []
  return name === undefined || id === undefined ? { name: text } : { name, id }
}
