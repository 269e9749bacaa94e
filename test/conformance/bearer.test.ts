// Bearer tokens wherever a shared access signature is taken: what official clients send, and what ends it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRenewToken } from '@postern/protocol'
import { RawWebSocket, type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { send } from './http-client.ts'
import { refused } from './refused.ts'
import { assignRole, fetchToken, localScope, type SignedIn, signInPrincipal } from './sign-in-principal.ts'

const echoScope = `${localScope}/hybridConnections/echo`

async function closeCode(listener: ScriptedListener): Promise<number | undefined> {
  for (;;) {
    const frame = await listener.others.next()
    if (frame.opcode === Opcode.close) return decodeClose(frame.payload).code
  }
}

async function listenerOf(relay: TestRelay): Promise<SignedIn & { readonly assignment: string }> {
  const principal = await signInPrincipal(relay, 'listener')
  const assignment = await assignRole(relay, { principalId: principal.id, role: 'listener', scope: echoScope })
  return { ...principal, assignment }
}

function dial(relay: TestRelay, query: string, headers: Record<string, string> = {}): Promise<RawWebSocket> {
  return RawWebSocket.dial({ url: relay.url('echo', query), headers, tls: relay.tls })
}

/** Lets one sender through and says whether what it sent arrived. */
async function passes(listener: ScriptedListener, sender: Promise<RawWebSocket>): Promise<boolean> {
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const socket = await sender
  socket.text('through')
  const { payload } = await rendezvous.frames.next()
  socket.abort()
  return payload.toString() === 'through'
}

test('a listener and a sender with roles meet, wherever the clients put their tokens', async () => {
  await using relay = await startTestRelay()
  const { token } = await listenerOf(relay)
  const sender = await signInPrincipal(relay, 'sender')
  await assignRole(relay, { principalId: sender.id, role: 'sender', scope: localScope })
  const listener = await relay.listen('echo', { token })
  for (const attempt of [
    () => dial(relay, 'sb-hc-action=connect', { ServiceBusAuthorization: sender.token }),
    () => dial(relay, 'sb-hc-action=connect', { ServiceBusAuthorization: `Bearer ${sender.token}` }),
    () => dial(relay, `sb-hc-action=connect&sb-hc-token=${sender.token}`),
    () => dial(relay, 'sb-hc-action=connect', { Authorization: `Bearer ${sender.token}` }),
  ]) {
    assert.equal(await passes(listener, attempt()), true)
  }
})

test('each role is for its own side, at its own scope', async () => {
  await using relay = await startTestRelay()
  const listener = await listenerOf(relay)
  const { token } = listener
  const statusOf = async (path: string, action: string): Promise<number> => {
    const url = relay.url(path, `sb-hc-action=${action}`)
    const headers = { ServiceBusAuthorization: token }
    return (await refused(RawWebSocket.dial({ url, headers, tls: relay.tls }))).status
  }
  assert.equal(await statusOf('echo', 'connect'), 401)
  assert.equal(await statusOf('open', 'listen'), 401)
  assert.equal(await statusOf('nothing', 'listen'), 401)
  const owner = await signInPrincipal(relay, 'owner')
  await assignRole(relay, { principalId: owner.id, role: 'owner', scope: '/' })
  await assert.rejects(relay.listen('echo', { token: owner.token }), 'Owner has no data actions, as in Azure')
})

test('a token of the management plane opens nothing at the data door', async () => {
  await using relay = await startTestRelay()
  const { clientId, clientSecret } = await listenerOf(relay)
  const token = await fetchToken(relay, { clientId, clientSecret, scope: `${relay.relay.management}/.default` })
  const refusal = await refused(relay.listen('echo', { token }))
  assert.equal(refusal.status, 401)
  assert.match(refusal.reason, /InvalidAudience/)
})

test('a token that was altered, or of another relay, is refused', async () => {
  await using relay = await startTestRelay()
  await using other = await startTestRelay()
  const { token } = await listenerOf(relay)
  const stranger = await listenerOf(other)
  const [head = '', body = '', signature = ''] = token.split('.')
  const claims = { ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), oid: 'admin' }
  for (const forged of [
    `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`,
    `${head}.${body}.`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
    stranger.token,
  ]) {
    assert.equal((await refused(relay.listen('echo', { token: forged }))).status, 401)
  }
})

test('a listener that loses its role is closed at once, and no other one', async () => {
  await using relay = await startTestRelay()
  const first = await listenerOf(relay)
  const second = await listenerOf(relay)
  const closing = await relay.listen('echo', { token: first.token })
  const staying = await relay.listen('echo', { token: second.token })
  const bySignature = await relay.listen('echo')
  await relay.relay.server.store.delete(first.assignment)
  assert.equal(await closeCode(closing), 1008)
  assert.equal((await refused(relay.listen('echo', { token: first.token }))).status, 401)
  for (const listener of [staying, bySignature]) listener.control.send(Opcode.ping, 'are you there')
  for (const listener of [staying, bySignature]) assert.equal((await listener.others.next()).opcode, Opcode.pong)
})

test('a principal that is disabled or deleted loses its control channels, and its tokens with them', async () => {
  await using relay = await startTestRelay()
  const { directory } = relay.relay.server.identity
  const disabled = await listenerOf(relay)
  const deleted = await listenerOf(relay)
  const listeners = [
    await relay.listen('echo', { token: disabled.token }),
    await relay.listen('echo', { token: deleted.token }),
  ]
  await directory.setEnabled(disabled.id, false)
  await directory.delete(deleted.id)
  for (const listener of listeners) assert.equal(await closeCode(listener), 1008)
  for (const { token } of [disabled, deleted]) {
    assert.equal((await refused(relay.listen('echo', { token }))).status, 401)
  }
})

test('a control channel is renewed by a bearer token, and closed by one that is not good', async () => {
  await using relay = await startTestRelay()
  const principal = await listenerOf(relay)
  const { clientId, clientSecret, token } = principal
  const listener = await relay.listen('echo', { token })
  const next = await fetchToken(relay, { clientId, clientSecret, scope: 'https://relay.azure.net/.default' })
  listener.control.text(encodeRenewToken(next))
  listener.control.send(Opcode.ping, 'still there')
  assert.equal((await listener.others.next()).opcode, Opcode.pong)
  const [head = '', body = ''] = token.split('.')
  listener.control.text(encodeRenewToken(`${head}.${body}.AAAA`))
  assert.equal(await closeCode(listener), 1008)
})

test('an HTTP request with a bearer token reaches the listener without it', async () => {
  await using relay = await startTestRelay()
  const sender = await signInPrincipal(relay, 'sender')
  await assignRole(relay, { principalId: sender.id, role: 'sender', scope: echoScope })
  const listener = await relay.listen('echo')
  const pending = send(relay, '/echo', { headers: { Authorization: `Bearer ${sender.token}`, 'X-Mine': 'kept' } })
  const request = await listener.nextRequest()
  const names = Object.keys(request.requestHeaders).map((name) => name.toLowerCase())
  assert.deepEqual([names.includes('authorization'), names.includes('x-mine')], [false, true])
  listener.control.text(
    JSON.stringify({ response: { requestId: request.id, statusCode: '200', responseHeaders: {}, body: false } }),
  )
  assert.equal((await pending).status, 200)
  assert.equal((await send(relay, '/echo', { headers: { Authorization: 'Bearer a.b.c' } })).status, 401)
})

test('a shared access signature goes on working beside all that', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen('echo')
  const headers = { ServiceBusAuthorization: signToken(relay.access('echo').send) }
  assert.equal(await passes(listener, dial(relay, 'sb-hc-action=connect', headers)), true)
})
