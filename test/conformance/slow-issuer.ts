import { createSign, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An OpenID Connect provider that does not tell its keys before the test says so: whoever shows its token waits. */
export interface SlowIssuer extends AsyncDisposable {
  /** The relay's option that names it. */
  readonly oidcIssuers: string
  /** Id of the principal that its tokens are of. */
  readonly principalId: string
  readonly token: string
  /** Resolves when the relay has asked for its keys. */
  readonly asked: Promise<void>
  tellKeys(): void
}

/** Starts a slow issuer on a free port. */
export async function startSlowIssuer(): Promise<SlowIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const asked = Promise.withResolvers<void>()
  const waiting: ServerResponse[] = []
  let mayTell = false
  const tell = (response: ServerResponse): void => {
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }]
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, keys }))
  }
  const server = createServer((_request, response) => {
    asked.resolve()
    if (mayTell) tell(response)
    else waiting.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, sub: 'ann', aud: 'postern', iat: now, nbf: now, exp: now + 600 }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part(claims)}`
  return {
    oidcIssuers: `corp=${issuer},audience=postern`,
    principalId: 'corp:ann',
    token: `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url')}`,
    asked: asked.promise,
    tellKeys: () => {
      mayTell = true
      for (const response of waiting.splice(0)) tell(response)
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
