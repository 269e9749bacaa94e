// The HTTP bindings of Mono's WCF: clients call the relay itself, services are behind the bridge's HTTP side.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Bridge } from '@postern/bridge'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { freePort } from '../system/free-port.ts'
import { noWcf, type WcfBinding, WcfPrograms } from './wcf-programs.ts'

describe('HTTP bindings through the relay', { skip: noWcf }, () => {
  let programs: WcfPrograms
  let relay: TestRelay

  before(async () => {
    programs = await WcfPrograms.compile()
    relay = await startTestRelay({
      options: { tls: 'off', soapTokens: true },
      resources: {
        namespaces: [
          {
            name: 'local',
            default: true,
            rules: [{ name: 'all', rights: ['Listen', 'Send', 'Manage'] }],
            hybridConnections: [
              { name: 'echo' },
              { name: 'open', requiresClientAuthorization: false },
              { name: 'notes', requiresClientAuthorization: false, actions: ['send', 'publish'] },
            ],
          },
        ],
      },
    })
  })

  after(async () => {
    await programs[Symbol.asyncDispose]()
    await relay[Symbol.asyncDispose]()
  })

  /** A service as the hybrid connection `open`, and the address of it at the relay. */
  async function serve(binding: WcfBinding, { entity = 'open', name = 'a', at = relay } = {}) {
    const port = await freePort()
    const isPlain = at.relay.caPem === null
    const address = `${isPlain ? 'http' : 'https'}://${at.host}/${entity}/calls`
    const listenUri = `http://localhost:${port}/${entity}/calls`
    // WS-Addressing carries the address that the client dials; without it a service knows only what the forwarder asks for.
    const own = binding === 'ws2007' ? address : listenUri
    const service = await programs.service(name, { binding, address: own, listenUri })
    const bridge = new Bridge({
      relay: { connectionString: at.access(entity).listen, tls: isPlain ? false : at.tls },
      httpForwards: [`${entity}:http/localhost/${entity}:${port}`],
    })
    await bridge.start()
    await bridge.online(AbortSignal.timeout(10_000))
    return {
      address,
      service,
      async [Symbol.asyncDispose](): Promise<void> {
        await bridge.stop({ graceMs: 0 })
        await service[Symbol.asyncDispose]()
      },
    }
  }

  for (const [binding, title] of [
    ['basic', 'BasicHttpBinding'],
    ['ws2007', 'WS2007HttpBinding without security'],
  ] as const) {
    it(`${title} carries request and reply, one-way calls and SOAP faults`, async () => {
      await using way = await serve(binding)
      const printed = await programs.call(binding, way.address, 'echo=hello', 'size=5000', 'note=one way', 'fail=this')
      assert.deepEqual(printed, ['a:hello', '5002', 'fault: a refuses this (detail of this)'])
      assert.equal(await way.service.next(), 'note one way')
    })
  }

  it('WebHttpBinding carries calls of its own client and of any other', async () => {
    await using way = await serve('web')
    assert.deepEqual(await programs.call('web', way.address, 'echo=hello'), ['a:hello'])
    const response = await fetch(`${way.address}/echo/there`)
    assert.deepEqual([response.status, await response.text()], [200, '"a:there"'])
  })

  it('a client of BasicHttpBinding has its token in the address', async () => {
    await using way = await serve('basic', { entity: 'echo' })
    const token = encodeURIComponent(signToken(relay.access().send))
    assert.deepEqual(await programs.call('basic', `${way.address}?sb-hc-token=${token}`, 'echo=x'), ['a:x'])
    const [refused = ''] = await programs.call('basic', way.address, 'echo=x')
    assert.match(refused, /401/)
  })

  it('a client of BasicHttpBinding has its token in the SOAP header RelayAccessToken', async () => {
    await using way = await serve('basic', { entity: 'echo' })
    const token = signToken(relay.access().send)
    const printed = await programs.call('basic', way.address, `token=${token}`, 'echo=x', 'size=5000', 'fail=this')
    assert.deepEqual(printed, ['a:x', '5002', 'fault: a refuses this (detail of this)'])
    const expired = signToken(relay.access().send, { expiresInSeconds: -3600 })
    const [refused = ''] = await programs.call('basic', way.address, `token=${expired}`, 'echo=x')
    assert.match(refused, /401/)
  })

  it('a one-way contract is sent to one service or published to all by the address alone', async () => {
    await using a = await serve('notes', { entity: 'notes' })
    await using b = await serve('notes', { entity: 'notes', name: 'b' })
    const { address } = a
    assert.deepEqual(await programs.call('notes', `${address}?sb-hc-action=publish`, 'note=to all', 'note=again'), [])
    for (const { service } of [a, b]) {
      // In any order: a forwarder and WCF serve requests side by side.
      assert.deepEqual([await service.next(), await service.next()].toSorted(), ['note again', 'note to all'])
    }
    const next = [a, b].map(({ service }) => service.next())
    assert.deepEqual(await programs.call('notes', `${address}?sb-hc-action=send`, 'note=to one'), [])
    assert.equal(await Promise.race(next), 'note to one')
    // The other one did not get it: what comes next there is what is published afterwards.
    await programs.call('notes', `${address}?sb-hc-action=publish`, 'note=to all')
    assert.deepEqual((await Promise.all(next)).toSorted(), ['note to all', 'note to one'])
  })

  it('a one-way client is told in words what is refused', async () => {
    const address = `http://${relay.host}/open/calls?sb-hc-action=publish`
    const [refused = ''] = await programs.call('notes', address, 'note=x')
    assert.match(refused, /403\(Forbidden\): The hybrid connection does not allow this action/)
  })

  it('a client of BasicHttpBinding with transport security reaches a plain service by https', async () => {
    await using secure = await startTestRelay()
    await programs.trust(secure.relay.caPem ?? '')
    await using way = await serve('basic', { at: secure })
    assert.match(way.address, /^https:/)
    assert.deepEqual(await programs.call('basic-tls', way.address, 'echo=hello', 'note=x'), ['a:hello'])
    assert.equal(await way.service.next(), 'note x')
  })
})
