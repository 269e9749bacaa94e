import { randomUUID } from 'node:crypto'
import { type IdentityReply, jsonReply } from './identity-request.ts'

interface OAuthErrorEntry {
  readonly status: number
  /** RFC 6749 section 5.2, RFC 8628 section 3.5. */
  readonly error: string
  /** Number of Microsoft Entra's error of the same meaning: people search for it, and clients read it. */
  readonly number: number
  readonly message: string
  /** `bad_token` makes Microsoft's libraries ask the person again. */
  readonly suberror?: string
}

const badClient = { status: 401, error: 'invalid_client' } as const
const badGrant = { status: 400, error: 'invalid_grant' } as const
const badRequest = { status: 400, error: 'invalid_request' } as const

/** What the token endpoints answer when they refuse, in the form of Microsoft Entra's. */
export const oauthErrorTable = {
  wrongSecret: { ...badClient, number: 7_000_215, message: 'Invalid client id or client secret provided.' },
  wrongAssertion: { ...badClient, number: 700_027, message: 'The client assertion failed its validation.' },
  credentialExpired: { ...badClient, number: 7_000_222, message: 'The credential that was used has expired.' },
  clientDisabled: {
    status: 400,
    error: 'unauthorized_client',
    number: 7_000_112,
    message: 'The principal is disabled.',
  },
  refreshUnknown: {
    ...badGrant,
    number: 70_000,
    message: 'The refresh token is not valid.',
    suberror: 'bad_token',
  },
  refreshEnded: {
    ...badGrant,
    number: 50_173,
    message: 'The refresh token has run out, was used before, or was revoked. Sign in again.',
    suberror: 'bad_token',
  },
  authorizationPending: {
    status: 400,
    error: 'authorization_pending',
    number: 70_016,
    message: 'Nobody has signed in with the code yet. Continue polling.',
  },
  slowDown: { status: 400, error: 'slow_down', number: 70_016, message: 'Ask less often: see interval.' },
  deviceCodeExpired: { status: 400, error: 'expired_token', number: 70_020, message: 'The device code has expired.' },
  deviceCodeDeclined: {
    status: 400,
    error: 'authorization_declined',
    number: 70_018,
    message: 'The sign-in was declined.',
  },
  deviceCodeUnknown: {
    status: 400,
    error: 'bad_verification_code',
    number: 70_019,
    message: 'The device code is not known.',
  },
  parameterMissing: { ...badRequest, number: 900_144, message: 'The request body must contain the parameter' },
  requestMalformed: { ...badRequest, number: 90_014, message: 'The request cannot be understood.' },
  grantUnknown: {
    status: 400,
    error: 'unsupported_grant_type',
    number: 70_003,
    message: 'The grant type is none of client_credentials, device_code and refresh_token.',
  },
  resourceUnknown: {
    status: 400,
    error: 'invalid_resource',
    number: 500_011,
    message: 'The resource is not one of this relay: ask for its management address or https://relay.azure.net.',
  },
  scopesMixed: { status: 400, error: 'invalid_scope', number: 70_011, message: 'Ask for one resource at a time.' },
  throttled: {
    status: 429,
    error: 'temporarily_unavailable',
    number: 90_055,
    message: 'Too many failed sign-ins: wait before the next one.',
  },
  busy: { status: 503, error: 'temporarily_unavailable', number: 90_033, message: 'Too many sign-ins at once.' },
  failed: { status: 500, error: 'server_error', number: 90_036, message: 'The request could not be handled.' },
} as const satisfies Readonly<Record<string, OAuthErrorEntry>>

export type OAuthErrorName = keyof typeof oauthErrorTable

/** @param detail goes behind the message; never anything secret */
export function oauthError(
  name: OAuthErrorName,
  options: {
    readonly detail?: string
    readonly correlationId?: string | undefined
    readonly headers?: Readonly<Record<string, string>>
  } = {},
): IdentityReply {
  const entry: OAuthErrorEntry = oauthErrorTable[name]
  const traceId = randomUUID()
  const correlationId = options.correlationId ?? randomUUID()
  const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+/, '')
  const message = options.detail === undefined ? entry.message : `${entry.message} ${options.detail}`
  const description = `AADSTS${entry.number}: ${message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`
  const body = {
    error: entry.error,
    error_description: description,
    error_codes: [entry.number],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    ...(entry.suberror !== undefined && { suberror: entry.suberror }),
  }
  return jsonReply(entry.status, body, options.headers)
}
