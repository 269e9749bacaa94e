import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { z } from 'zod'

/** With what the connector of an app signs in at the management plane. */
export interface AppCredential {
  /** `https://HOST[:PORT]` of the management door. */
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret: Secret
}

/** What `postern webapp identity credential create` prints; what else stands there is for people. */
const credentialSchema = z.looseObject({
  tokenEndpoint: z.url({ protocol: /^https?$/ }),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
})

/**
 * Reads the JSON that the relay answered when the credential was made.
 *
 * @throws {RelayError} InvalidConfiguration; no value is named, one of them is a secret.
 */
export function parseAppCredential(text: string, path: string): AppCredential {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(path, 'it is no JSON')
  }
  const read = credentialSchema.safeParse(value)
  if (!read.success) throw invalid(path, `${read.error.issues[0]?.path.join('.') || 'the whole'} is missing or wrong`)
  const { tokenEndpoint, clientId, clientSecret } = read.data
  return { endpoint: new URL(tokenEndpoint).origin, clientId, clientSecret: new Secret(clientSecret) }
}

function invalid(path: string, problem: string): RelayError {
  const message = `${path} is no credential of an app: ${problem}. Keep there what this prints: postern webapp identity credential create -g GROUP -n APP --output json`
  return new RelayError('InvalidConfiguration', { message })
}
