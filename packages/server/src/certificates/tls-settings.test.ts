import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { type ConnectionOptions, connect, createServer, type SecureContext, type TLSSocket } from 'node:tls'
import { silentLogger } from '@postern/program'
import { DevelopmentAuthority } from './development-authority.ts'
import { TlsSettings, type TlsSettingsOptions } from './tls-settings.ts'

interface TestServer {
  readonly settings: TlsSettings
  readonly dial: (options?: ConnectionOptions) => Promise<TLSSocket>
}

async function startServer(test: TestContext, options: Partial<TlsSettingsOptions> = {}): Promise<TestServer> {
  const source = new DevelopmentAuthority({ logger: silentLogger })
  await source.start()
  const settings = new TlsSettings({ source, ...options })
  const server = createServer(settings.options, (socket) => {
    socket.on('error', () => {})
    socket.write('hello')
  })
  settings.onChange((changed) => server.setSecureContext(changed))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(async () => {
    server.close()
    settings.stop()
    await source.stop()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    settings,
    dial: async (dialled = {}) => {
      const socket = connect({ host: '127.0.0.1', port, ca: source.caPem, servername: 'tenant.test', ...dialled })
      test.after(() => socket.destroy())
      await once(socket, 'secureConnect')
      return socket
    },
  }
}

/** Dials, and waits for a session that can be resumed. */
async function earnSession(server: TestServer, options: ConnectionOptions): Promise<Buffer> {
  const socket = await server.dial(options)
  const session = options.maxVersion === 'TLSv1.2' ? undefined : once(socket, 'session')
  await once(socket, 'data')
  const [fromTicket] = session === undefined ? [socket.getSession()] : await session
  return fromTicket as Buffer
}

describe('TlsSettings', () => {
  for (const [version, cipher] of [
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ] as const) {
    it(`speaks ${version} with the relay's order of ciphers, whatever the client prefers`, async (test) => {
      const server = await startServer(test)
      const ciphers =
        'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'
      const socket = await server.dial({ maxVersion: version, ciphers })
      assert.equal(socket.getProtocol(), version)
      assert.equal(socket.getCipher().name, cipher)
    })

    for (const servername of ['tenant.test', '']) {
      it(`resumes a ${version} session ${servername === '' ? 'of a client without a name' : 'of a named host'}`, async (test) => {
        const server = await startServer(test)
        const options: ConnectionOptions = { maxVersion: version, servername, checkServerIdentity: () => undefined }
        const session = await earnSession(server, options)
        assert.equal((await server.dial({ ...options, session })).isSessionReused(), true)
      })

      it(`a rotated key makes a full ${version} handshake ${servername === '' ? 'without a name' : 'with a name'}`, async (test) => {
        const server = await startServer(test)
        const options: ConnectionOptions = { maxVersion: version, servername, checkServerIdentity: () => undefined }
        const session = await earnSession(server, options)
        server.settings.rotateTicketKeys()
        assert.equal((await server.dial({ ...options, session })).isSessionReused(), false)
      })
    }
  }

  it('refuses TLS 1.1', async (test) => {
    const server = await startServer(test)
    await assert.rejects(server.dial({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }))
  })

  it('refuses TLS 1.2 when the minimum is 1.3', async (test) => {
    const server = await startServer(test, { minVersion: 'TLSv1.3' })
    await assert.rejects(server.dial({ maxVersion: 'TLSv1.2' }))
    await assert.rejects(server.dial({ maxVersion: 'TLSv1.2', servername: '' }))
    assert.equal((await server.dial()).getProtocol(), 'TLSv1.3')
  })

  for (const cipher of ['ECDHE-ECDSA-AES128-SHA', 'AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-SHA384']) {
    it(`refuses ${cipher}`, async (test) => {
      const server = await startServer(test)
      await assert.rejects(server.dial({ maxVersion: 'TLSv1.2', ciphers: cipher }))
    })
  }

  it('a client cannot ask for another handshake on its connection', async (test) => {
    const server = await startServer(test)
    const socket = await server.dial({ maxVersion: 'TLSv1.2' })
    const outcome = await new Promise<string>((resolve) => {
      socket.once('error', () => resolve('refused'))
      socket.once('close', () => resolve('refused'))
      socket.renegotiate({}, (error) => resolve(error === null ? 'done' : 'refused'))
      socket.resume()
    })
    assert.equal(outcome, 'refused')
  })

  it('a source that fails for a name leaves the client with the default certificate', async (test) => {
    const source = new DevelopmentAuthority({ logger: silentLogger })
    await source.start()
    const failing = {
      start: () => source.start(),
      stop: () => source.stop(),
      defaultCertificate: source.defaultCertificate,
      onChange: () => () => {},
      pairFor: () => source.defaultCertificate,
      hasName: () => true,
      secureContextFor: (): Promise<SecureContext> => Promise.reject(new Error('no')),
    }
    const settings = new TlsSettings({ source: failing })
    test.after(() => settings.stop())
    const chosen = await new Promise((resolve) =>
      settings.options.SNICallback?.('a.test', (_error, context) => resolve(context)),
    )
    assert.equal(chosen, undefined)
    await source.stop()
  })
})
