import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { startTestProxy } from '@postern/testkit'
import { ask, connectionStringOf, metadataOf, startBed, startBedRelay, startTarget } from './hcm-bed.contract.ts'

/** No resolver knows it. */
const relayName = 'relay.invalid'
const names = { [relayName]: '127.0.0.1' }

for (const kind of ['http', 'socks5'] as const) {
  test(`${kind}: all that an HCM asks of a proxy is one host name and one port`, async (t) => {
    await using target = await startTarget('one')
    await using relay = await startBedRelay(0, [{ name: 'db', userMetadata: metadataOf(`127.0.0.1:${target.port}`) }])
    const credentials = { user: 'jo', password: 'word' }
    await using proxy = await startTestProxy({ kind, names, credentials })
    const { control, until } = await startBed(t, { proxy: new Secret(proxy.url.replace('//', '//jo:word@')) })
    const port = relay.host.split(':')[1]
    const connectionString = connectionStringOf(relay, 'db').replace(relay.host, `${relayName}:${port}`)
    await control.call('add', { connectionString, follow: false })
    await until('db', ({ Status, Target }) => Status === 'Connected' && Target === 'Reachable')
    assert.equal(await ask(relay, 'db', 'x'), 'one x')
    assert.deepEqual([...new Set(proxy.asked)], [`${relayName}:${port}`])
    // Atom, control channel, rendezvous.
    assert.ok(proxy.asked.length >= 3, String(proxy.asked.length))
  })
}

test('a proxy that asks for a password is the problem that the status names', async (t) => {
  await using proxy = await startTestProxy({ kind: 'http', credentials: { user: 'jo', password: 'word' } })
  const { control, until } = await startBed(t, { proxy: new Secret(proxy.url.replace('//', '//jo:guess@')) })
  const connectionString = 'Endpoint=sb://relay.invalid/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=db'
  await control.call('add', { connectionString, follow: false })
  const { Status, Problem } = await until('db', (status) => status.Problem !== undefined)
  assert.equal(Status, 'Disconnected')
  assert.equal(Problem?.Hop, 'proxy')
  assert.equal(Problem.Code, 'ProxyAuthenticationRequired')
  assert.match(Problem.WhatToDo, /USER:PASSWORD@/)
  assert.doesNotMatch(JSON.stringify(Problem), /guess/)
})
