import type { OidcIssuer } from '../domain/oidc-issuer.ts'

/** What Microsoft Entra and most others have; `sub` differs for each program there, `oid` does not. */
const defaultClaims = { subject: 'sub', groups: 'groups', name: 'preferred_username' } as const

/** Kinds of built-in principals: their names in the log begin with these. */
const reservedNames: ReadonlySet<string> = new Set(['user', 'serviceprincipal', 'app', 'hcm', 'rule'])

/**
 * Reads `NAME=ISSUER,audience=A[,audience=B][,subject=CLAIM][,groups=CLAIM][,name=CLAIM]`.
 * @returns what is wrong with it as text
 */
export function parseOidcIssuer(text: string): OidcIssuer | string {
  const [head = '', ...settings] = text.split(',').map((part) => part.trim())
  const [, name = '', issuer = ''] = /^([a-z][\w-]{0,31})=(\S+)$/i.exec(head) ?? []
  if (name === '') return `"${text}" must begin with NAME=https://ISSUER`
  if (reservedNames.has(name.toLowerCase())) return `the name ${name} is taken by the built-in identity`
  if (!isIssuer(issuer)) return `"${issuer}" must be an https address (http for loopback), without query`
  const audiences: string[] = []
  const claims = { ...defaultClaims } as Record<keyof typeof defaultClaims, string>
  for (const setting of settings) {
    const [, key = '', value = ''] = /^(audience|subject|groups|name)=(\S{1,512})$/.exec(setting) ?? []
    if (key === '') return `"${setting}" must be audience=, subject=, groups= or name= and a value`
    if (key === 'audience') audiences.push(value)
    else claims[key as keyof typeof claims] = value
  }
  if (audiences.length === 0) return `${name} needs at least one audience=: without it tokens for others would count`
  return { name: name.toLowerCase(), issuer, audiences, claims }
}

/** OpenID Connect Discovery section 3: https, no query, no fragment. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, search, hash, username } = new URL(text)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && search + hash + username === ''
}
