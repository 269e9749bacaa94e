// hyco-ws 1.0.5 answers every failed handshake with two new ones at once (observed): a relay that has restarted would be
// buried by its listeners, and they by themselves. So such a listener is left waiting where others are refused.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { encodeClose, encodeFrame, HandshakeRefused, Opcode } from '@postern/websocket'

interface Attempt {
  /** 101 with its socket, or a refusal; never settles while the listener waits. */
  readonly answer: Promise<{ readonly status: number | undefined; readonly socket?: Duplex }>
  /** Resolves when the relay has cut the connection. */
  readonly cut: Promise<unknown>
  readonly leave: () => void
}

/** A listen handshake with the key that `ws` 1 makes: `13-` and the clock. */
function listenAsHycoWs(relay: TestRelay, token = signToken(relay.access().listen)): Attempt {
  const { hostname, port } = new URL(relay.relay.data)
  const asked = request({
    hostname,
    port,
    ca: relay.relay.caPem!,
    agent: false,
    path: '/$hc/echo?sb-hc-action=listen',
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.from(`13-${Date.now()}`).toString('base64'),
      ServiceBusAuthorization: token,
    },
  }).end()
  const answer = new Promise<Awaited<Attempt['answer']>>((resolve) => {
    asked.on('upgrade', ({ statusCode }: IncomingMessage, socket) => resolve({ status: statusCode, socket }))
    asked.on('response', ({ statusCode }) => resolve({ status: statusCode }))
  })
  return { answer, cut: once(asked, 'error'), leave: () => void asked.destroy() }
}

function isAnswered(attempt: Attempt): Promise<boolean> {
  return Promise.race([attempt.answer.then(() => true), new Promise(setImmediate).then(() => false)])
}

const oneListener = {
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [{ name: 'Root', rights: ['Listen' as const, 'Send' as const] }],
      hybridConnections: [{ name: 'echo', maxListeners: 1 }],
    },
  ],
}

test('beyond the limit of listeners it waits unanswered, while others are refused, and takes the place that gets free', async () => {
  await using relay = await startTestRelay({ resources: oneListener })
  const first = await relay.listen()
  const waiting = listenAsHycoWs(relay)
  await assert.rejects(relay.listen(), (error) => error instanceof HandshakeRefused && error.status === 403)
  assert.equal(await isAnswered(waiting), false)
  first.close()
  const { status, socket } = await waiting.answer
  assert.equal(status, 101)
  // The message is an accept for this listener: it is the only one.
  const pending = relay.connect().catch(() => {})
  const [message] = await once(socket!, 'data')
  assert.match(String(message), /"accept"/)
  socket!.destroy()
  await pending
})

test('one that leaves while it waits takes no place', async () => {
  await using relay = await startTestRelay({ resources: oneListener })
  const first = await relay.listen()
  const leaving = listenAsHycoWs(relay)
  const second = listenAsHycoWs(relay)
  await assert.rejects(relay.listen())
  leaving.leave()
  first.close()
  assert.equal((await second.answer).status, 101)
})

test('a token that is not good is refused as for everybody else', async () => {
  await using relay = await startTestRelay({ resources: oneListener })
  await relay.listen()
  const forged = listenAsHycoWs(relay, 'SharedAccessSignature sr=x&sig=y&se=1&skn=z')
  assert.equal((await forged.answer).status, 401)
})

test('while the relay drains it waits for the end, others are refused with 503', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  const stopped = relay.relay.stop({ graceMs: 10_000 })
  const waiting = listenAsHycoWs(relay)
  await assert.rejects(relay.listen(), (error) => error instanceof HandshakeRefused && error.status === 503)
  assert.equal(await isAnswered(waiting), false)
  for (const end of [sender, rendezvous]) end.socket.write(encodeFrame(Opcode.close, encodeClose(1000), { mask: true }))
  await stopped
  await waiting.cut
})
