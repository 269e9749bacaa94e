import { parseDuration } from '@postern/program'
import { z } from 'zod'
import { type AllowedPeople, defaultIngressOidc, type IngressOidc } from '../domain/ingress-oidc.ts'

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** Sign-in by OpenID Connect as it is declared. */
export interface DeclaredIngressOidc
  extends Pick<IngressOidc, 'issuer' | 'clientId'>,
    Optional<Omit<IngressOidc, 'issuer' | 'clientId' | 'allowed' | 'sessionLifetimeMs'>> {
  readonly allowed?: Optional<AllowedPeople> | undefined
  /** Says that everybody whom the issuer signs in may come; nothing else does. */
  readonly anyone?: true | undefined
  /** A duration such as `8h`. */
  readonly sessionLifetime?: string | undefined
}

const maxSessionMs = 30 * 86_400_000
const minSessionMs = 60_000

const texts = (description: string, example: string) =>
  z
    .array(z.string().min(1).max(254))
    .min(1)
    .max(1024)
    .meta({ description, examples: [[example]] })
    .optional()

const flag = (description: string) =>
  z
    .boolean()
    .meta({ description, examples: [true] })
    .optional()

const allowedPeople = z
  .strictObject({
    emails: z
      .array(
        z
          .string()
          .max(254)
          .regex(/^[^\s@]+@[^\s@]+$/, 'must be an email address'),
      )
      .min(1)
      .max(1024)
      .meta({ description: 'One of these addresses, or of domains.', examples: [['alice@example.com']] })
      .optional(),
    domains: z
      .array(
        z
          .string()
          .max(253)
          .regex(/^[^\s@/:]+$/, 'must be what stands behind the @, such as example.com'),
      )
      .min(1)
      .max(1024)
      .meta({ description: 'Everybody with an email address there.', examples: [['example.com']] })
      .optional(),
    groups: texts('At least one of these groups, as the issuer spells them.', 'intranet-users'),
    claims: z
      .record(z.string().min(1).max(128), z.array(z.string().max(254)).min(1).max(1024))
      .meta({
        description: 'Of each claim at least one of these values.',
        examples: [{ department: ['engineering', 'support'] }],
      })
      .optional(),
  })
  .meta({ description: 'Who may come. Everything that is named must fit; without it nobody comes in.' })

/** `oidc` of an ingress entry. */
export const declaredIngressOidcShape: z.ZodOptional<z.ZodType<DeclaredIngressOidc>> = z
  .strictObject({
    issuer: z
      .string()
      .max(1024)
      .refine(isIssuer, 'must be an https address (http on loopback) as the issuer calls itself, without query')
      .meta({ description: 'As the issuer calls itself, to the letter.', examples: ['https://login.example.com'] }),
    clientId: z
      .string()
      .min(1)
      .max(255)
      .meta({ description: 'What the issuer calls this site.', examples: ['intranet'] }),
    clientSecretFile: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: 'File with the secret of the client, one line.', examples: ['/run/secrets/oidc'] })
      .optional(),
    clientAuthentication: z
      .enum(['basic', 'post'])
      .meta({ description: 'How the secret is sent: client_secret_basic when left out.', examples: ['post'] })
      .optional(),
    scopes: texts('Asked for beside openid; email and profile when left out.', 'email'),
    allowed: allowedPeople.optional(),
    anyone: z
      .literal(true)
      .meta({ description: 'Lets in everybody whom the issuer signs in.', examples: [true] })
      .optional(),
    groupsClaim: z
      .string()
      .min(1)
      .max(128)
      .meta({ description: 'Claim that lists groups; groups when left out.', examples: ['roles'] })
      .optional(),
    trustUnverifiedEmail: flag('Believes email addresses of which the issuer does not say that it has verified them.'),
    sessionLifetime: z
      .string()
      .refine((text) => {
        const ms = parseDuration(text) ?? 0
        return ms >= minSessionMs && ms <= maxSessionMs
      }, 'must be a duration from 1m to 30d, such as 8h')
      .meta({ description: 'After this time people sign in again; 8h when left out.', examples: ['1h'] })
      .optional(),
    tellTarget: flag('Tells the target by X-Forwarded-User and X-Forwarded-Email who it is.'),
    tlsEndsInFront: flag('Says that a load balancer in front ends TLS; else the entry needs tls: terminate.'),
  })
  .superRefine(({ allowed, anyone }, context) => {
    const isNamed = allowed !== undefined && Object.values(allowed).some((each) => each !== undefined && !isEmpty(each))
    if (isNamed && anyone) {
      const message = 'lets in everybody, and allowed names some; leave one of both out'
      context.addIssue({ code: 'custom', path: ['anyone'], message })
    }
    if (!isNamed && !anyone) {
      const message =
        'is missing, so nobody would come in; write allowed: {domains: [example.com]}, emails, groups or claims, or anyone: true'
      context.addIssue({ code: 'custom', path: ['allowed'], message })
    }
  })
  .meta({ description: 'Who may pass by signing in at an OpenID Connect issuer; needs hosts.' })
  .optional()

/** With everything that was left out. */
export function oidcOf(declared: DeclaredIngressOidc): IngressOidc {
  const { allowed = {}, anyone, sessionLifetime, ...rest } = declared
  const lower = (list: readonly string[] | undefined) => list?.map((each) => each.toLowerCase())
  const people = { ...allowed, emails: lower(allowed.emails), domains: lower(allowed.domains) }
  return {
    ...defaultIngressOidc,
    ...definedOf(rest),
    allowed: anyone ? 'anyone' : definedOf(people),
    sessionLifetimeMs: parseDuration(sessionLifetime ?? '') ?? defaultIngressOidc.sessionLifetimeMs,
  } as IngressOidc
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

/** OpenID Connect Discovery section 3. Without TLS only on loopback, for tests. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || text.includes('/.well-known/')) return false
  const { protocol, hostname, search, hash, username } = new URL(text)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && search + hash + username === ''
}

function definedOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}
