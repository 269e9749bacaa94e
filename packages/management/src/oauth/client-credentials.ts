import { type AccessToken, readAccessToken } from './access-token.ts'
import { Authority, type AuthorityOptions } from './authority.ts'

export interface ClientCredentialsOptions extends AuthorityOptions {
  readonly clientId: string
  /** Either this or `clientAssertion`. */
  readonly clientSecret?: string
  /** Makes a JWT for the token endpoint, signed with the key of a registered certificate (RFC 7523). */
  readonly clientAssertion?: (audience: string) => string | Promise<string>
}

/** Signs a program in with its own secret or key. @throws {ManagementError} `invalid_client` */
export async function signInWithClientCredentials(options: ClientCredentialsOptions): Promise<AccessToken> {
  const authority = new Authority(options)
  const address = await authority.find('token_endpoint')
  const { clientId, clientSecret, clientAssertion } = options
  const proof = clientAssertion
    ? {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await clientAssertion(address),
      }
    : { client_secret: clientSecret ?? '' }
  const form = { grant_type: 'client_credentials', client_id: clientId, scope: authority.scope, ...proof }
  return readAccessToken(await authority.post(address, form))
}
