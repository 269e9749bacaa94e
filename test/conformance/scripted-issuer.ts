import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** What one token request was answered with. */
interface Script {
  /** Claims beside the right ones, or instead of them; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Instead of the token. */
  readonly idToken?: (claims: JWTPayload) => Promise<string> | string
  /** Instead of the discovery document's members. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Instead of any answer. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** An OpenID provider that signs everybody in without a question, and lies as it is told: for what no true one does. */
export class ScriptedIssuer {
  readonly issuer: string
  script: Script = {}
  /** What the token endpoint was sent. */
  readonly redeemed: URLSearchParams[] = []
  readonly paths: string[] = []
  readonly #server: ReturnType<typeof createServer>
  readonly #keys: Awaited<ReturnType<typeof generateKeyPair>>
  readonly #codes = new Map<string, URLSearchParams>()

  private constructor(server: ReturnType<typeof createServer>, keys: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.#server = server
    this.#keys = keys
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<ScriptedIssuer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ScriptedIssuer(server, await generateKeyPair('RS256', { extractable: true }))
  }

  /** Signs as this issuer does. */
  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: '1' }).sign(this.#keys.privateKey)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.issuer)
    this.paths.push(url.pathname)
    if (this.script.answer?.(request, response)) return
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, { ...this.#metadata(), ...this.script.metadata })
      case '/keys':
        return json(response, { keys: [{ ...(await exportJWK(this.#keys.publicKey)), kid: '1', alg: 'RS256' }] })
      case '/authorize':
        return this.#authorize(url.searchParams, response)
      case '/token':
        return json(response, await this.#redeem(new URLSearchParams(await text(request))))
      default:
        response.writeHead(404).end()
    }
  }

  #metadata(): object {
    const { issuer } = this
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }
  }

  #authorize(question: URLSearchParams, response: ServerResponse): void {
    const code = `code-${this.#codes.size}`
    this.#codes.set(code, question)
    const back = new URL(question.get('redirect_uri') ?? '')
    back.search = new URLSearchParams({ code, state: question.get('state') ?? '' }).toString()
    response.writeHead(302, { Location: back.href }).end()
  }

  async #redeem(form: URLSearchParams): Promise<object> {
    this.redeemed.push(form)
    const question = this.#codes.get(form.get('code') ?? '')
    const nowS = Math.floor(Date.now() / 1000)
    const claims = {
      iss: this.issuer,
      aud: question?.get('client_id'),
      sub: 'ali',
      email: 'ali@example.test',
      email_verified: true,
      nonce: question?.get('nonce'),
      iat: nowS,
      exp: nowS + 60,
      ...this.script.claims,
    } as JWTPayload
    const idToken = await (this.script.idToken ?? ((each: JWTPayload) => this.sign(each)))(claims)
    return { access_token: 'a', token_type: 'Bearer', id_token: idToken }
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}
