import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Provider } from 'oidc-provider'

/** The secret of the client `site`: with characters that a careless client sends wrongly. */
export const siteSecret = 'a secret of the site: with % and +'

/** oidc-provider, which the OpenID Foundation has certified, with pages of its own to sign in with any name. */
export interface CertifiedProvider {
  readonly issuer: string
  /** From now on the clients `site` and `public` may come back to these addresses. */
  serve(redirectUris: readonly string[]): void
}

/** Opens its port. Everybody has an address at example.test; `ali` alone is in the group `staff`. */
export async function openProvider(t: Pick<TestContext, 'after'>): Promise<CertifiedProvider> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const serve = (redirectUris: readonly string[]): void => {
    const redirect_uris = [...redirectUris]
    const provider = new Provider(issuer, {
      clients: [
        { client_id: 'site', client_secret: siteSecret, redirect_uris },
        { client_id: 'public', token_endpoint_auth_method: 'none', redirect_uris },
      ],
      claims: { email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      scopes: ['openid', 'email', 'profile', 'groups'],
      cookies: { keys: ['cookies of a test'] },
      findAccount: (_context, accountId) => ({
        accountId,
        claims: () => ({
          sub: accountId,
          email: `${accountId}@Example.test`,
          email_verified: true,
          groups: accountId === 'ali' ? ['staff', 'others'] : ['others'],
        }),
      }),
    })
    const answer = provider.callback()
    server.on('request', (request, response) => void answer(request, response))
  }
  return { issuer, serve }
}
