import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { silentLogger } from '@postern/program'
import { CertificateFiles } from '../../certificates/certificate-files.ts'
import { DevelopmentCa } from '../../certificates/development-ca.ts'
import { TlsSettings } from '../../certificates/tls-settings.ts'
import { ClientAddress } from './client-address.ts'
import { FrontDoor } from './front-door.ts'

const ca = await DevelopmentCa.open(await DevelopmentCa.createPair({ machine: 'test', nowMs: Date.now() }))

it('certificates exchanged under load drop no connection, open or new', async (test) => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-swap-'))
  const pair = { certFile: join(folder, 'tls.pem'), keyFile: join(folder, 'tls-key.pem') }
  const exchange = async (): Promise<void> => {
    const issued = await ca.issue(['relay.test'], Date.now())
    await writeFile(pair.certFile, issued.certPem)
    await writeFile(pair.keyFile, issued.keyPem)
  }
  await exchange()
  const source = new CertificateFiles({ pairs: [pair], logger: silentLogger })
  await source.start()
  const settings = new TlsSettings({ source })
  const door = new FrontDoor({
    handler: {
      onRequest: (_request, response) => void response.end('fine'),
      onUpgrade: (_request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        socket.pipe(socket)
      },
      onCheckContinue: (_request, response) => void response.end(),
    },
    tls: settings,
    limits: {
      maxHeaderBytes: 16_384,
      maxHeaderCount: 50,
      handshakeTimeoutMs: 10_000,
      maxUnauthorizedConnections: 100,
      maxUnauthorizedConnectionsPerAddress: 100,
    },
    clientAddress: new ClientAddress({ trustedProxies: [] }),
    logger: silentLogger,
  })
  test.after(async () => {
    await door.close()
    settings.stop()
    await source.stop()
    await rm(folder, { recursive: true })
  })
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 })

  const dial = async (servername: string): Promise<TLSSocket> => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: ca.certPem,
      servername,
      checkServerIdentity: () => undefined,
    })
    await once(socket, 'secureConnect')
    return socket
  }
  const head = 'GET / HTTP/1.1\r\nHost: relay.test\r\nConnection: '
  const seen = new Set<string>()
  let requests = 0
  let isDone = false
  const requestForever = async (servername: string): Promise<void> => {
    while (!isDone) {
      const socket = await dial(servername)
      seen.add(socket.getPeerCertificate().fingerprint256)
      socket.write(`${head}close\r\n\r\n`)
      const [answer] = await once(socket, 'data')
      assert.match(String(answer), /^HTTP\/1.1 200/)
      requests++
      socket.destroy()
    }
  }
  const echoForever = async (): Promise<void> => {
    const socket = await dial('relay.test')
    socket.write(`${head}Upgrade\r\nUpgrade: websocket\r\n\r\n`)
    await once(socket, 'data')
    while (!isDone) {
      socket.write('x'.repeat(1000))
      await once(socket, 'data')
    }
    socket.destroy()
  }
  // Half of the clients name the host, half get the default certificate: the two take different ways through Node.
  const load = [
    requestForever('relay.test'),
    requestForever('relay.test'),
    requestForever(''),
    requestForever(''),
    echoForever(),
    echoForever(),
  ]
  const exchanges = 8
  for (let index = 0; index < exchanges; index++) {
    const before = requests
    await exchange()
    await source.reload()
    while (requests < before + 10) {
      await Promise.race([new Promise(setImmediate), ...load])
    }
  }
  isDone = true
  await Promise.all(load)
  assert.ok(seen.size >= exchanges, `only ${seen.size} certificates were seen`)
  for (const servername of ['relay.test', '']) {
    const socket = await dial(servername)
    const current = source.defaultCertificate.certPem
    assert.equal(socket.getPeerX509Certificate()?.toString().trim(), current.trim())
    socket.destroy()
  }
})
