import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { checkServerIdentity, connect, createServer, type PeerCertificate, type SecureContext } from 'node:tls'
import type { CertificateSource } from './certificate-source.ts'
import { createServerContext } from './server-context.ts'

/** One engine, not started, and what the contract needs to know of it. */
export interface CertificateSourceFixture {
  readonly source: CertificateSource
  /** PEM of the CA that a client trusts; asked for after start. */
  readonly trustedCa: () => string
  /** A host name that the source has a certificate for. */
  readonly knownName: string
  /** Makes the source change its default certificate. */
  readonly change: () => void | Promise<void>
}

/** The behaviour that every certificate source has. */
export function describeCertificateSource(
  name: string,
  create: (test: TestContext) => Promise<CertificateSourceFixture>,
): void {
  describe(`${name} as a certificate source`, () => {
    it('gives a certificate that a client accepts for a name it knows, in any case', async (test) => {
      const { source, trustedCa, knownName } = await create(test)
      await source.start()
      test.after(() => source.stop())
      for (const servername of [knownName, knownName.toUpperCase()]) {
        const context = await source.secureContextFor(servername)
        const seen = await handshake(context, { ca: trustedCa(), servername: knownName })
        assert.equal(seen.problem, undefined)
      }
    })

    it('gives the default certificate to clients that send no name', async (test) => {
      const { source, trustedCa } = await create(test)
      await source.start()
      test.after(() => source.stop())
      const ca = trustedCa()
      const unnamed = await handshake(await source.secureContextFor(undefined), { ca })
      const expected = await handshake(createServerContext(source.defaultCertificate, 'TLSv1.2'), { ca })
      assert.equal(unnamed.certificate.fingerprint256, expected.certificate.fingerprint256)
    })

    it('has some certificate for any name', async (test) => {
      const { source, trustedCa } = await create(test)
      await source.start()
      test.after(() => source.stop())
      for (const servername of ['', 'a..b', 'x'.repeat(300), 'emoji-😀', '../../etc/passwd', '__proto__']) {
        const { certificate } = await handshake(await source.secureContextFor(servername), { ca: trustedCa() })
        assert.ok(certificate.fingerprint256)
      }
    })

    it('tells a change once to everyone who still listens, and then has another default', async (test) => {
      const { source, change } = await create(test)
      await source.start()
      test.after(() => source.stop())
      const before = source.defaultCertificate.certPem
      let unwanted = 0
      source.onChange(() => unwanted++)()
      let calls = 0
      const changed = new Promise<void>((resolve) => {
        source.onChange(() => {
          calls++
          resolve()
        })
      })
      await change()
      await changed
      assert.equal(calls, 1)
      assert.equal(unwanted, 0)
      assert.notEqual(source.defaultCertificate.certPem, before)
    })

    it('may be stopped twice, and contexts stay valid', async (test) => {
      const { source, trustedCa, knownName } = await create(test)
      await source.start()
      const context = await source.secureContextFor(knownName)
      await source.stop()
      await source.stop()
      assert.equal((await handshake(context, { ca: trustedCa(), servername: knownName })).problem, undefined)
    })
  })
}

/** What a client sees of a context: the certificate, and why it does not accept it. */
async function handshake(
  context: SecureContext,
  client: { readonly ca: string; readonly servername?: string },
): Promise<{ certificate: PeerCertificate; problem: string | undefined }> {
  const server = createServer({ SNICallback: (_name, done) => done(null, context) }, (socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    servername: 'any.test',
    ca: client.ca,
    checkServerIdentity: () => undefined,
  })
  try {
    await once(socket, 'secureConnect')
    const certificate = socket.getPeerCertificate()
    const nameProblem =
      client.servername === undefined ? undefined : checkServerIdentity(client.servername, certificate)
    return { certificate, problem: socket.authorized ? nameProblem?.message : String(socket.authorizationError) }
  } finally {
    socket.destroy()
    server.close()
  }
}
