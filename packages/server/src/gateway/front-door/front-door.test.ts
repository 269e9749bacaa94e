import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import type * as http from 'node:http'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import { after, before, describe, it, type TestContext } from 'node:test'
import * as tls from 'node:tls'
import { silentLogger } from '@postern/program'
import { DevelopmentAuthority } from '../../certificates/development-authority.ts'
import { TlsSettings } from '../../certificates/tls-settings.ts'
import { ClientAddress } from './client-address.ts'
import { FrontDoor } from './front-door.ts'
import type { FrontDoorHandler } from './front-door-handler.ts'
import type { FrontDoorOptions } from './front-door-options.ts'

const generous = {
  maxHeaderBytes: 16_384,
  maxHeaderCount: 50,
  handshakeTimeoutMs: 5000,
  maxUnauthorizedConnections: 100,
  maxUnauthorizedConnectionsPerAddress: 100,
}

/** Answers every request with its source, and every upgrade with 101 and an echo. */
const echo: FrontDoorHandler = {
  onRequest: (_request, response, remote) => void response.end(JSON.stringify(remote)),
  onUpgrade: (_request, socket, head, remote) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${remote.address}|`,
    )
    socket.write(head)
    socket.pipe(socket)
  },
  onCheckContinue: (request, response) => {
    response.writeContinue()
    request.pipe(response)
  },
}

let authority: DevelopmentAuthority
before(async () => {
  authority = new DevelopmentAuthority({ logger: silentLogger })
  await authority.start()
})
after(() => authority.stop())

interface Started {
  readonly door: FrontDoor
  readonly port: number
  readonly refusals: string[]
}

type Options = Partial<Omit<FrontDoorOptions, 'limits'>> & {
  readonly limits?: Partial<FrontDoorOptions['limits']>
  readonly trustedProxies?: readonly string[]
}

/** What differs between the two kinds of door. */
const kinds = {
  plain: {
    options: (_test: TestContext): Options => ({}),
    dial: (port: number): Promise<net.Socket> => dialPlain(port),
  },
  TLS: {
    options: (test: TestContext): Options => {
      const settings = new TlsSettings({ source: authority })
      test.after(() => settings.stop())
      return { tls: settings }
    },
    dial: async (port: number): Promise<net.Socket> => secure(await dialPlain(port)),
  },
}

async function startDoor(test: TestContext, options: Options): Promise<Started> {
  const refusals: string[] = []
  const door = new FrontDoor({
    handler: echo,
    clientAddress: new ClientAddress({ trustedProxies: options.trustedProxies ?? [] }),
    logger: silentLogger,
    onRefused: ({ code }) => refusals.push(code),
    ...options,
    limits: { ...generous, ...options.limits },
  })
  test.after(() => door.close())
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 })
  return { door, port, refusals }
}

async function dialPlain(port: number, options: { readonly localAddress?: string } = {}): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, ...options })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function secure(socket: net.Socket): Promise<net.Socket> {
  const secured = tls.connect({ socket, ca: authority.caPem, servername: 'localhost' })
  secured.on('error', () => {})
  await once(secured, 'secureConnect')
  return secured
}

/** Everything until the other side ends or cuts the connection. */
async function readAll(socket: Duplex): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  if (!socket.closed) {
    await once(socket, 'close', { signal: AbortSignal.timeout(5000) })
  }
  return text
}

async function readUntil(socket: Duplex, wanted: string): Promise<string> {
  let text = ''
  for await (const [chunk] of on(socket, 'data', { signal: AbortSignal.timeout(5000) })) {
    text += String(chunk)
    if (text.includes(wanted)) {
      break
    }
  }
  return text
}

/** Status and error code of an answer that must be a JSON error of the relay. */
function readError(answer: string): { status: number; code: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, /\r\nContent-Type: application\/json/)
  assert.match(head, /\r\nConnection: close/i)
  const { error } = JSON.parse(body) as { error: { code: string; message: string } }
  assert.ok(error.message)
  return { status: Number(head.split(' ')[1]), code: error.code }
}

const get = 'GET /a HTTP/1.1\r\nHost: relay.test\r\n\r\n'
const upgrade = 'GET /a HTTP/1.1\r\nHost: relay.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

for (const [kind, { options, dial }] of Object.entries(kinds)) {
  describe(`a ${kind} front door`, () => {
    it('hands over requests with their source, several on one connection', async (test) => {
      const { port } = await startDoor(test, options(test))
      const socket = await dial(port)
      for (let index = 0; index < 2; index++) {
        socket.write(get)
        assert.match(await readUntil(socket, '}'), /^HTTP\/1.1 200 OK[\s\S]+\{"address":"127.0.0.1","port":\d+\}/)
      }
      socket.destroy()
    })

    it('hands over upgrades with the bytes behind them', async (test) => {
      const { port } = await startDoor(test, options(test))
      const socket = await dial(port)
      socket.write(`${upgrade}early`)
      assert.match(await readUntil(socket, 'early'), /^HTTP\/1.1 101[\s\S]+\r\n\r\n127.0.0.1\|early$/)
      socket.write('later')
      assert.equal(await readUntil(socket, 'later'), 'later')
      socket.destroy()
    })

    it('treats an offer of h2c as an ordinary request', async (test) => {
      const { port } = await startDoor(test, options(test))
      const socket = await dial(port)
      socket.write(upgrade.replace('websocket', 'h2c'))
      assert.match(await readUntil(socket, '}'), /^HTTP\/1.1 200/)
      socket.destroy()
    })

    it('lets the handler decide about Expect: 100-continue', async (test) => {
      const { port } = await startDoor(test, options(test))
      const socket = await dial(port)
      socket.write(
        'POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n',
      )
      await readUntil(socket, '100 Continue')
      socket.write('body')
      assert.match(await readAll(socket), /200 OK[\s\S]+body/)
    })

    for (const [what, request, expected] of [
      ['no HTTP', 'hello\r\n\r\n', { status: 400, code: 'RequestMalformed' }],
      ['no Host header', 'GET / HTTP/1.1\r\n\r\n', { status: 400, code: 'RequestMalformed' }],
      ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', { status: 405, code: 'MethodNotAllowed' }],
      [
        'two different lengths',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        { status: 400, code: 'RequestMalformed' },
      ],
      [
        'a head beyond maxHeaderBytes',
        `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
        { status: 431, code: 'RequestHeaderTooLarge' },
      ],
      [
        'more headers than maxHeaderCount',
        `GET / HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(50)}\r\n`,
        { status: 431, code: 'RequestHeadersTooMany' },
      ],
      [
        'an upgrade with more headers than maxHeaderCount',
        upgrade.replace('\r\n\r\n', `\r\n${'X: 1\r\n'.repeat(48)}\r\n`),
        { status: 431, code: 'RequestHeadersTooMany' },
      ],
    ] as const) {
      it(`answers ${what} with ${expected.status} and ends`, async (test) => {
        const { door, port, refusals } = await startDoor(test, options(test))
        const socket = await dial(port)
        socket.write(request)
        assert.deepEqual(readError(await readAll(socket)), expected)
        assert.deepEqual(refusals, [expected.code])
        await untilCount(door, 0)
      })
    }

    it('lets exactly maxHeaderCount headers in', async (test) => {
      const { port } = await startDoor(test, options(test))
      const socket = await dial(port)
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'X: 1\r\n'.repeat(48)}\r\n`)
      assert.match(await readAll(socket), /^HTTP\/1.1 200/)
    })

    it('answers a request head that takes longer than handshakeTimeoutMs with 408', async (test) => {
      const { port, refusals } = await startDoor(test, { ...options(test), limits: { handshakeTimeoutMs: 300 } })
      const socket = await dial(port)
      socket.write('GET / HTTP/1.1\r\n')
      const dripping = setInterval(() => socket.write('X: 1\r\n'), 50)
      const answer = await readAll(socket)
      clearInterval(dripping)
      assert.deepEqual(readError(answer), { status: 408, code: 'HandshakeTimeout' })
      assert.deepEqual(refusals, ['HandshakeTimeout'])
    })

    it('answers the slow head of a later request with 408', async (test) => {
      const { port } = await startDoor(test, { ...options(test), limits: { handshakeTimeoutMs: 300 } })
      const socket = await dial(port)
      socket.write(get)
      await readUntil(socket, '}')
      socket.write('GET / HTTP/1.1\r\n')
      assert.deepEqual(readError(await readAll(socket)), { status: 408, code: 'HandshakeTimeout' })
    })

    it('gives a request and an upgrade all the time they need once their head is there', async (test) => {
      const release = Promise.withResolvers<void>()
      const handler = {
        ...echo,
        onRequest: (_: unknown, response: http.ServerResponse) => void release.promise.then(() => response.end('late')),
      }
      const { port } = await startDoor(test, { ...options(test), handler, limits: { handshakeTimeoutMs: 200 } })
      const [waiting, upgraded, tooLate] = await Promise.all([dial(port), dial(port), dial(port)])
      waiting.write(get)
      upgraded.write(upgrade)
      await readAll(tooLate)
      release.resolve()
      assert.match(await readUntil(waiting, 'late'), /^HTTP\/1.1 200/)
      upgraded.write('still here')
      await readUntil(upgraded, 'still here')
      waiting.destroy()
      upgraded.destroy()
    })

    it('ends a connection that is kept alive for nothing', async (test) => {
      const { door, port } = await startDoor(test, { ...options(test), keepAliveTimeoutMs: 100 })
      const socket = await dial(port)
      socket.write(get)
      await readAll(socket)
      await untilCount(door, 0)
    })

    it('a response that has begun is cut off, not answered twice, when the client goes mad', async (test) => {
      const handler = {
        ...echo,
        onRequest: (_: unknown, response: http.ServerResponse) => void response.write('begun'),
      }
      const { port } = await startDoor(test, { ...options(test), handler })
      const socket = await dial(port)
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
      await readUntil(socket, 'begun')
      socket.write('not a chunk\r\n')
      assert.equal(await readAll(socket), '')
    })

    it('a handler that throws costs its connection alone', async (test) => {
      const handler = {
        ...echo,
        onRequest: () => {
          throw new Error('bug')
        },
      }
      const { port } = await startDoor(test, { ...options(test), handler })
      const socket = await dial(port)
      socket.write(get)
      assert.deepEqual(readError(await readAll(socket)), { status: 500, code: 'InternalError' })
      const other = await dial(port)
      other.write(upgrade)
      await readUntil(other, '|')
      other.destroy()
    })

    it('an upgraded connection that is reset raises nothing', async (test) => {
      const { door, port } = await startDoor(test, {
        ...options(test),
        handler: { ...echo, onUpgrade: (_, socket) => void socket.resume() },
      })
      const raw = await dialPlain(port)
      const socket = kind === 'TLS' ? await secure(raw) : raw
      socket.write(upgrade)
      raw.resetAndDestroy()
      while (door.connections > 0) {
        await new Promise(setImmediate)
      }
    })

    it('stopAccepting refuses new connections and ends open ones with their response', async (test) => {
      const { door, port } = await startDoor(test, options(test))
      const socket = await dial(port)
      door.stopAccepting()
      await assert.rejects(dialPlain(port), { code: 'ECONNREFUSED' })
      socket.write(get)
      assert.match(await readAll(socket), /Connection: close[\s\S]+\}$/)
    })

    it('closeIdle ends connections without a request and leaves the others', async (test) => {
      const handler = {
        ...echo,
        onRequest: (request: http.IncomingMessage, response: http.ServerResponse) =>
          void (request.url === '/a' ? response.end('}') : response.write('open')),
      }
      const { door, port } = await startDoor(test, { ...options(test), handler })
      const [fresh, used, busy, upgraded] = await Promise.all([dial(port), dial(port), dial(port), dial(port)])
      used.write(get)
      busy.write(get.replace('/a', '/busy'))
      upgraded.write(upgrade)
      await Promise.all([readUntil(used, '}'), readUntil(busy, 'open'), readUntil(upgraded, '|')])
      door.closeIdle()
      await Promise.all([readAll(fresh), readAll(used)])
      assert.equal(door.connections, 2)
      assert.equal(busy.closed || upgraded.closed, false)
    })

    it('destroyAll ends everything, and close leaves nothing', async (test) => {
      const { door, port } = await startDoor(test, options(test))
      const [fresh, upgraded] = await Promise.all([dial(port), dial(port)])
      upgraded.write(upgrade)
      await readUntil(upgraded, '|')
      door.destroyAll()
      await Promise.all([readAll(fresh), readAll(upgraded)])
      await door.close()
      assert.equal(door.connections, 0)
      assert.equal(door.unauthorizedConnections, 0)
    })

    it('counts connections until they are authorised', async (test) => {
      const authorized = Promise.withResolvers<void>()
      const handler: FrontDoorHandler = {
        ...echo,
        onUpgrade: (_request, socket) => {
          started.door.markAuthorized(socket)
          socket.resume()
          authorized.resolve()
        },
        onRequest: (request, response) => {
          started.door.markAuthorized(request.socket)
          response.end('}')
        },
      }
      const started = await startDoor(test, { ...options(test), handler, limits: { maxUnauthorizedConnections: 1 } })
      for (const head of [upgrade, get, upgrade]) {
        const socket = await dial(started.port)
        test.after(() => socket.destroy())
        socket.write(head)
        await (head === get ? readUntil(socket, '}') : authorized.promise)
      }
      await untilCount(started.door, 0)
      assert.equal(started.door.connections, 3)
      assert.deepEqual(started.refusals, [])
    })

    it('a PROXY header of a trusted proxy names the source, in one piece or byte by byte', async (test) => {
      const { port } = await startDoor(test, { ...options(test), trustedProxies: ['127.0.0.1'] })
      const header = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n')
      for (const size of [1, header.length]) {
        const socket = await dialPlain(port)
        socket.setNoDelay(true)
        for (let at = 0; at < header.length; at += size) {
          socket.write(header.subarray(at, at + size))
          await new Promise(setImmediate)
        }
        const spoken = kind === 'TLS' ? await secure(socket) : socket
        spoken.write(get)
        assert.match(await readUntil(spoken, '}'), /\{"address":"192.0.2.7","port":56324\}/)
        spoken.destroy()
      }
    })

    it('a PROXY header and the first bytes of the client may come together', async (test) => {
      const { port } = await startDoor(test, { ...options(test), trustedProxies: ['127.0.0.1'] })
      const gathered = await dialPlain(port)
      const header = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c6336401dc0401bb', 'hex')
      gathered.cork()
      gathered.write(header)
      if (kind === 'plain') {
        gathered.write(upgrade)
        gathered.uncork()
      }
      const securing = kind === 'TLS' ? secure(gathered) : Promise.resolve(gathered)
      gathered.uncork()
      const spoken = await securing
      if (kind === 'TLS') {
        spoken.write(upgrade)
      }
      assert.match(await readUntil(spoken, '|'), /192\.0\.2\.7\|/)
      spoken.write('more')
      await readUntil(spoken, 'more')
      spoken.destroy()
    })
  })
}

describe('limits on connections', () => {
  const { options: withTls } = kinds.TLS

  it('the connection beyond maxUnauthorizedConnections gets 503 where that is cheap', async (test) => {
    const { door, port, refusals } = await startDoor(test, { limits: { maxUnauthorizedConnections: 2 } })
    const held = await Promise.all([dialPlain(port), dialPlain(port)])
    const answer = await readAll(await dialPlain(port))
    assert.deepEqual(readError(answer), { status: 503, code: 'TooManyUnauthorizedConnections' })
    assert.match(answer, /\r\nRetry-After: 1\r\n/)
    assert.deepEqual(refusals, ['TooManyUnauthorizedConnections'])
    assert.equal(door.unauthorizedConnections, 2)
    held[0].destroy()
    await untilCount(door, 1)
    const next = await dialPlain(port)
    next.write(get)
    assert.match(await readUntil(next, '}'), /200 OK/)
    for (const socket of [...held, next]) {
      socket.destroy()
    }
  })

  it('behind TLS it is reset', async (test) => {
    const { port, refusals } = await startDoor(test, { ...withTls(test), limits: { maxUnauthorizedConnections: 1 } })
    const held = await dialPlain(port)
    await assert.rejects(dialPlain(port).then(secure), { code: 'ECONNRESET' })
    assert.deepEqual(refusals, ['TooManyUnauthorizedConnections'])
    held.destroy()
  })

  it('one address cannot use up what there is for all', async (test) => {
    const { port } = await startDoor(test, { limits: { maxUnauthorizedConnectionsPerAddress: 1 } })
    const held = await dialPlain(port)
    assert.equal(readError(await readAll(await dialPlain(port))).status, 503)
    const other = await dialPlain(port, { localAddress: '127.0.0.2' })
    other.write(get)
    assert.match(await readUntil(other, '}'), /"127.0.0.2"/)
    held.destroy()
    other.destroy()
  })

  it('behind TLS it waits until another connection of its address has gone', async (test) => {
    const limits = { maxUnauthorizedConnectionsPerAddress: 1 }
    const { port, refusals } = await startDoor(test, { ...withTls(test), limits })
    const held = await dialPlain(port)
    const securing = dialPlain(port).then(secure)
    const other = await dialPlain(port, { localAddress: '127.0.0.2' }).then(secure)
    held.destroy()
    const waited = await securing
    waited.write(get)
    assert.match(await readUntil(waited, '}'), /200 OK/)
    assert.deepEqual(refusals, [])
    waited.destroy()
    other.destroy()
  })

  it('a TLS handshake that takes too long is cut off', async (test) => {
    const { door, port, refusals } = await startDoor(test, { ...withTls(test), limits: { handshakeTimeoutMs: 100 } })
    assert.equal(await readAll(await dialPlain(port)), '')
    assert.deepEqual(refusals, ['HandshakeTimeout'])
    await untilCount(door, 0)
  })

  it('a PROXY header that takes too long is cut off', async (test) => {
    const { port, refusals } = await startDoor(test, {
      trustedProxies: ['127.0.0.1'],
      limits: { handshakeTimeoutMs: 100 },
    })
    const socket = await dialPlain(port)
    socket.write('PROXY TCP4 ')
    assert.equal(await readAll(socket), '')
    assert.deepEqual(refusals, ['HandshakeTimeout'])
  })

  it('what is not TLS is cut off and forgotten', async (test) => {
    const { door, port } = await startDoor(test, withTls(test))
    const socket = await dialPlain(port)
    socket.write(get)
    await readAll(socket)
    await untilCount(door, 0)
    assert.equal(door.connections, 0)
  })
})

describe('behind a proxy', () => {
  const trustedProxies = ['127.0.0.1']
  const limits = { maxUnauthorizedConnectionsPerAddress: 1 }
  const forwarded = (address: string): string => get.replace('\r\n\r\n', `\r\nX-Forwarded-For: ${address}\r\n\r\n`)

  it('clients are counted by the address that the PROXY header names', async (test) => {
    const { port } = await startDoor(test, { trustedProxies, limits })
    const dialAs = async (address: string): Promise<net.Socket> => {
      const socket = await dialPlain(port)
      socket.write(`PROXY TCP4 ${address} 198.51.100.1 1 443\r\n${get}`)
      return socket
    }
    const first = await dialAs('192.0.2.1')
    await readUntil(first, '}')
    assert.equal(readError(await readAll(await dialAs('192.0.2.1'))).status, 503)
    const other = await dialAs('192.0.2.2')
    assert.match(await readUntil(other, '}'), /"192.0.2.2"/)
    first.destroy()
    other.destroy()
  })

  it('clients are counted by the address that X-Forwarded-For names', async (test) => {
    const { port } = await startDoor(test, { trustedProxies, limits })
    const [first, second] = await Promise.all([dialPlain(port), dialPlain(port)])
    first.write(forwarded('192.0.2.1'))
    assert.match(await readUntil(first, '}'), /\{"address":"192.0.2.1","port":0\}/)
    second.write(forwarded('192.0.2.2'))
    assert.match(await readUntil(second, '}'), /"192.0.2.2"/)
    second.write(forwarded('192.0.2.1'))
    assert.equal(readError(await readAll(second)).status, 503)
    first.destroy()
  })

  it('a connection of the proxy itself is counted in the total only', async (test) => {
    const { door, port } = await startDoor(test, { trustedProxies, limits })
    const sockets = await Promise.all([dialPlain(port), dialPlain(port), dialPlain(port)])
    sockets[2].write('PROXY UNKNOWN\r\n')
    for (const socket of sockets) {
      socket.write(get)
      assert.match(await readUntil(socket, '}'), /"127.0.0.1"/)
    }
    assert.equal(door.unauthorizedConnections, 3)
    for (const socket of sockets) {
      socket.destroy()
    }
  })

  it('a stranger cannot speak for others', async (test) => {
    const { port } = await startDoor(test, { trustedProxies: ['192.0.2.0/24'] })
    const socket = await dialPlain(port)
    socket.write(forwarded('198.51.100.1'))
    assert.match(await readUntil(socket, '}'), /"127.0.0.1"/)
    socket.destroy()
    const liar = await dialPlain(port)
    liar.write(`PROXY TCP4 198.51.100.1 198.51.100.1 1 443\r\n${get}`)
    assert.equal(readError(await readAll(liar)).status, 400)
  })

  it('a malformed PROXY header cuts the connection off, and so does a missing one that is required', async (test) => {
    for (const [first, proxyHeader] of [
      ['PROXY TCP4 nobody\r\n', 'optional'],
      [get, 'required'],
    ] as const) {
      const { port, refusals } = await startDoor(test, { trustedProxies, proxyHeader })
      const socket = await dialPlain(port)
      socket.write(first)
      assert.equal(await readAll(socket), '')
      assert.deepEqual(refusals, ['RequestMalformed'])
    }
  })

  it('no PROXY header is read when none is agreed', async (test) => {
    const { port } = await startDoor(test, { trustedProxies, proxyHeader: 'none' })
    const socket = await dialPlain(port)
    socket.write(`PROXY TCP4 198.51.100.1 198.51.100.1 1 443\r\n${get}`)
    assert.equal(readError(await readAll(socket)).status, 400)
  })
})

async function untilCount(door: FrontDoor, count: number): Promise<void> {
  const deadline = AbortSignal.timeout(5000)
  while (door.unauthorizedConnections !== count) {
    deadline.throwIfAborted()
    await new Promise(setImmediate)
  }
}
