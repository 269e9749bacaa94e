import { delay } from '../delay.ts'
import { isManagementError, ManagementError } from '../management-error.ts'
import { type AccessToken, readAccessToken } from './access-token.ts'
import { Authority, type AuthorityOptions } from './authority.ts'

export interface DeviceCodeOptions extends AuthorityOptions {
  readonly clientId: string
  /** Shows the person where to go and which code to enter there. */
  readonly onCode: (prompt: DeviceCodePrompt) => void
}

/** What a person needs to sign in on any device. */
export interface DeviceCodePrompt {
  readonly userCode: string
  readonly verificationUri: string
  /** The same with the code in it, when the issuer has one. */
  readonly verificationUriComplete: string | undefined
  readonly expiresInSeconds: number
}

/** RFC 8628 section 3.5: what to wait when the issuer says nothing, and how much longer after `slow_down`. */
const defaultIntervalSeconds = 5
const slowDownSeconds = 5

/**
 * Signs a person in who has a browser somewhere. It waits until the person is done, the code expires or `signal` aborts;
 * `timeoutMs` is for each request.
 * @throws {ManagementError} SignInFailed, `access_denied`
 */
export async function signInWithDeviceCode(options: DeviceCodeOptions): Promise<AccessToken> {
  const authority = new Authority(options)
  const { clientId, onCode, signal = new AbortController().signal } = options
  const started = await authority.post(await authority.find('device_authorization_endpoint'), {
    client_id: clientId,
    scope: `${authority.scope} offline_access`,
  })
  const { deviceCode, prompt, intervalSeconds } = readStart(started)
  const address = await authority.find('token_endpoint')
  onCode(prompt)
  const endsAtMs = Date.now() + prompt.expiresInSeconds * 1000
  for (let seconds = intervalSeconds; Date.now() < endsAtMs; ) {
    await delay(seconds * 1000, signal)
    try {
      const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: clientId }
      return readAccessToken(await authority.post(address, { ...form, device_code: deviceCode }))
    } catch (error) {
      if (isManagementError(error, 'slow_down')) seconds += slowDownSeconds
      else if (isManagementError(error, 'expired_token') || isManagementError(error, 'code_expired')) break
      else if (!isManagementError(error, 'authorization_pending') && !isPassing(error)) throw error
    }
  }
  throw new ManagementError('SignInFailed', { message: 'Nobody signed in before the code expired' })
}

/** One request that got no answer does not end a sign-in that a person is busy with. */
function isPassing(error: unknown): boolean {
  return isManagementError(error) && error.isTransient
}

function readStart(reply: Readonly<Record<string, unknown>>): {
  readonly deviceCode: string
  readonly prompt: DeviceCodePrompt
  readonly intervalSeconds: number
} {
  const { device_code: deviceCode, user_code: userCode, verification_uri: uri } = reply
  const { verification_uri_complete: complete, expires_in: expiresIn, interval } = reply
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof uri !== 'string') {
    throw new ManagementError('ReplyInvalid', { message: 'The issuer answered without a device code' })
  }
  const prompt = {
    userCode,
    verificationUri: uri,
    verificationUriComplete: typeof complete === 'string' ? complete : undefined,
    expiresInSeconds: positive(expiresIn, 900),
  }
  return { deviceCode, prompt, intervalSeconds: positive(interval, defaultIntervalSeconds) }
}

function positive(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value > 0 ? value : otherwise
}
