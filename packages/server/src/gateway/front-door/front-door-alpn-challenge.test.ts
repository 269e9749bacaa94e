import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { type ConnectionOptions, connect, type SecureContext } from 'node:tls'
import { silentLogger } from '@postern/program'
import { DevelopmentAuthority } from '../../certificates/development-authority.ts'
import { TlsSettings } from '../../certificates/tls-settings.ts'
import { ClientAddress } from './client-address.ts'
import { FrontDoor } from './front-door.ts'

it('a proof for an ACME server is shown to nobody else, and only while it is pending', async (test) => {
  const [ordinary, proof] = [0, 1].map(() => new DevelopmentAuthority({ logger: silentLogger }))
  await Promise.all([ordinary!.start(), proof!.start()])
  const settings = new TlsSettings({ source: ordinary! })
  const challenge: { context?: SecureContext } = { context: await proof!.secureContextFor('relay.test') }
  const door = new FrontDoor({
    handler: {
      onRequest: (_request, response) => void response.end('fine'),
      onUpgrade: (_request, socket) => void socket.destroy(),
      onCheckContinue: (_request, response) => void response.end(),
    },
    tls: {
      options: settings.options,
      onChange: (callback) => settings.onChange(callback),
      alpnChallenges: {
        get isPending() {
          return challenge.context !== undefined
        },
        contextFor: (name) => (name === 'relay.test' ? challenge.context : undefined),
      },
    },
    limits: {
      maxHeaderBytes: 16_384,
      maxHeaderCount: 50,
      handshakeTimeoutMs: 5000,
      maxUnauthorizedConnections: 100,
      maxUnauthorizedConnectionsPerAddress: 100,
    },
    clientAddress: new ClientAddress({ trustedProxies: [] }),
    logger: silentLogger,
  })
  test.after(async () => {
    await door.close()
    settings.stop()
    await Promise.all([ordinary!.stop(), proof!.stop()])
  })
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 })
  const dial = async (ca: string, options: ConnectionOptions): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'relay.test', ...options })
    await once(socket, 'secureConnect')
    socket.write('GET / HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n')
    return (await socket.toArray()).join('')
  }
  const asAcme = { ALPNProtocols: ['acme-tls/1'] }

  assert.equal(await dial(proof!.caPem, asAcme), '')
  assert.match(await dial(ordinary!.caPem, {}), /fine$/)
  assert.match(await dial(ordinary!.caPem, { ALPNProtocols: ['http/1.1'] }), /fine$/)
  await assert.rejects(dial(proof!.caPem, { ...asAcme, servername: 'other.test' }))
  delete challenge.context
  await assert.rejects(dial(proof!.caPem, asAcme))
  assert.match(await dial(ordinary!.caPem, {}), /fine$/)
})
