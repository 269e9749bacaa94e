import type { AccessToken, DeviceCodeOptions } from '@postern/management'
import type { Account } from './account.ts'
import { clientAssertion } from './client-assertion.ts'

/** What this program calls itself at the device page. */
export const cliClientId = 'postern-cli'

/** For one request: two of them are done under the lock of the accounts, which counts as left after a minute. */
const timeoutMs = 20_000

/** Signs a program in, by its secret or by the key in a file. */
export async function signInServicePrincipal(options: {
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly certificateFile?: string
}): Promise<AccessToken> {
  const { signInWithClientCredentials } = await import('@postern/management')
  const { endpoint, clientId, clientSecret = '', certificateFile } = options
  if (certificateFile === undefined) return signInWithClientCredentials({ endpoint, clientId, clientSecret, timeoutMs })
  const assertion = await clientAssertion(certificateFile, clientId)
  return signInWithClientCredentials({ endpoint, clientId, clientAssertion: assertion, timeoutMs })
}

/** Signs a person in who opens a page on any device. */
export async function signInPerson(options: {
  readonly endpoint: string
  readonly signal: AbortSignal
  readonly onCode: DeviceCodeOptions['onCode']
}): Promise<AccessToken> {
  const { signInWithDeviceCode } = await import('@postern/management')
  return signInWithDeviceCode({ ...options, clientId: cliClientId })
}

/** A new token for an account without asking anybody; undefined when that cannot be. */
export async function renewToken(account: Account): Promise<AccessToken | undefined> {
  const { endpoint, clientId, refreshToken, certificateFile } = account
  if (refreshToken !== undefined) {
    const { refreshAccessToken } = await import('@postern/management')
    return refreshAccessToken({ endpoint, clientId, refreshToken, timeoutMs })
  }
  if (certificateFile === undefined) return undefined
  return signInServicePrincipal({ endpoint, clientId, certificateFile })
}

/** Who a token says it is of, for people to read: nothing is decided by it. */
export function tokenUser(accessToken: string): string | undefined {
  try {
    const payload = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as unknown
    const claims = (payload ?? {}) as Readonly<Record<string, unknown>>
    return [
      claims['preferred_username'],
      claims['upn'],
      claims['unique_name'],
      claims['name'],
      claims['app_displayname'],
    ].find((claim): claim is string => typeof claim === 'string')
  } catch {
    return undefined
  }
}
