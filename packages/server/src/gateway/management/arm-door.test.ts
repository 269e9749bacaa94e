import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import type { ArmRequest, ArmRouter } from '../../management/arm-router.ts'
import { ArmDoor } from './arm-door.ts'

/** A door whose router reads the body and answers how that went. */
async function openDoor(t: TestContext, bodyTimeoutMs: number): Promise<number> {
  const handle = async ({ readBody }: ArmRequest) => {
    try {
      return { status: 200, body: { bytes: (await readBody()).length } }
    } catch (error) {
      return { status: isRelayError(error) ? error.httpStatus : 500 }
    }
  }
  const router = { handle } as unknown as ArmRouter
  const door = new ArmDoor({ router, originOf: () => 'https://relay.test', bodyTimeoutMs, admit: () => {} })
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    void door.handle(request, response, { address: '192.0.2.7', port: 1 })
  }
  const server = createServer(serve).on('checkContinue', serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Everything that is answered until the connection ends. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

const head = (length: number, more = ''): string =>
  `POST /x HTTP/1.1\r\nHost: relay.test\r\nContent-Length: ${length}\r\n${more}\r\n`

test('a body that does not come holds no connection', async (t) => {
  const port = await openDoor(t, 50)
  const answer = await send(port, `${head(100)}{"token":`)
  assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.match(answer, /connection: close/i)
})

test('a body that is too large is refused before it comes, whole ones are read', async (t) => {
  const port = await openDoor(t, 5000)
  const refused = await send(port, head(300_000, 'Expect: 100-continue\r\n'))
  assert.match(refused, /^HTTP\/1\.1 413 /)
  assert.match(await send(port, `${head(2, 'Connection: close\r\n')}{}`), /\{"bytes":2\}/)
})
