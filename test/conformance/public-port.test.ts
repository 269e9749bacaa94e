// Behind a load balancer or a port mapping: what the management API tells names the port by which others come.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { TcpTarget } from '../system/tcp-target.ts'
import { type ManagementClient, signInOwner } from './management-client.ts'
import { fetchToken, localScope, signInPrincipal } from './sign-in-principal.ts'

const version = '?api-version=2021-11-01'
const rule = `${localScope}/authorizationRules/RootManageSharedAccessKey`

/** A load balancer that passes TCP on, to a target that is known later. */
async function openBalancer(): Promise<AsyncDisposable & { readonly port: number; target: number }> {
  const entrance = await TcpTarget.start((inside) => {
    const outside = connect(balancer.target, '127.0.0.1')
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  const balancer = { port: entrance.port, target: 0, [Symbol.asyncDispose]: () => entrance[Symbol.asyncDispose]() }
  return balancer
}

async function endpointOf(owner: ManagementClient): Promise<{ readonly host: string; readonly port?: number }> {
  const { primaryConnectionString } = await owner.done('POST', `${rule}/listKeys${version}`)
  return parseConnectionString(primaryConnectionString).endpoint
}

test('a connection string of listKeys leads through the load balancer', async () => {
  await using balancer = await openBalancer()
  await using relay = await startTestRelay({ options: { publicPort: balancer.port } })
  balancer.target = relay.relay.server.dataPort
  const owner = await signInOwner(relay)
  const { primaryConnectionString } = await owner.done('POST', `${rule}/listKeys${version}`)
  const { endpoint } = parseConnectionString(primaryConnectionString)
  assert.equal(endpoint.port, balancer.port)
  const { serviceBusEndpoint } = (await owner.done('GET', `${localScope}${version}`)).properties
  assert.equal(serviceBusEndpoint, `https://localhost:${balancer.port}/`)
  const listener = await ScriptedListener.open({
    url: `wss://${endpoint.host}:${endpoint.port}/$hc/echo?sb-hc-action=listen`,
    token: signToken(primaryConnectionString, { path: 'echo' }),
    tls: relay.tls,
  })
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  assert.equal(new URL(address).port, String(balancer.port), 'the listener came by it')
  await listener.rendezvous(address)
  ;(await pending).abort()
  listener.control.abort()
})

test('without a public port the one to advertise is named, else the port of the data door', async () => {
  const portWith = async (options: Readonly<Record<string, string | number>>): Promise<number | undefined> => {
    await using relay = await startTestRelay({ options })
    const { port } = await endpointOf(await signInOwner(relay))
    return port === relay.relay.server.dataPort ? -1 : port
  }
  assert.equal(await portWith({}), -1)
  assert.equal(await portWith({ advertise: 'wss://node1.test:7' }), 7)
  // Clients take 443 where a connection string names no port.
  assert.equal(await portWith({ advertise: 'wss://node1.test' }), undefined)
  assert.equal(await portWith({ advertise: 'wss://node1.test:7', publicPort: 9 }), 9)
})

test('a bearer token for the public address is one for the data door', async () => {
  await using relay: TestRelay = await startTestRelay({ options: { publicPort: 9 } })
  const { clientId, clientSecret } = await signInPrincipal(relay)
  const token = await fetchToken(relay, { clientId, clientSecret, scope: 'https://localhost:9/.default' })
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  assert.match(claims, /"aud":"https:\/\/localhost:9/)
  await assert.rejects(fetchToken(relay, { clientId, clientSecret, scope: 'https://localhost:10/.default' }))
})
