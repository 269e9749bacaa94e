import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NetworkAccess, networkMaskProblem, openNetworkAccess } from './network-access.ts'
import { NetworkGuard } from './network-guard.ts'

const guard = new NetworkGuard()
const may = (
  access: NetworkAccess,
  activity: 'listen' | 'send' | 'manage',
  address: string,
  isPrivate = false,
): boolean => guard.allows(access, { activity, address, isPrivate })

test('a namespace without rules is open to every address', () => {
  for (const address of ['192.0.2.1', '2001:db8::1', 'nonsense'])
    assert.equal(may(openNetworkAccess, 'send', address), true)
})

test('with Deny only named IPv4 and IPv6 networks get in, management as ever', () => {
  const access: NetworkAccess = {
    ...openNetworkAccess,
    defaultAction: 'Deny',
    rules: [{ ipMask: '10.0.0.0/8' }, { ipMask: 'fd00::/8' }, { ipMask: '192.0.2.7' }],
  }
  for (const activity of ['listen', 'send'] as const) {
    assert.equal(may(access, activity, '10.1.2.3'), true)
    assert.equal(may(access, activity, 'fd12::1'), true)
    assert.equal(may(access, activity, '192.0.2.7'), true)
    assert.equal(may(access, activity, '192.0.2.8'), false)
    assert.equal(may(access, activity, '2001:db8::1'), false)
    assert.equal(may(access, activity, ''), false)
  }
  assert.equal(may(access, 'manage', '192.0.2.8'), true)
})

test('listeners, senders and management have rules of their own', () => {
  const access: NetworkAccess = {
    ...openNetworkAccess,
    defaultActions: { listen: 'Deny', manage: 'Deny' },
    rules: [
      { ipMask: '10.0.0.0/8', appliesTo: ['listen'] },
      { ipMask: '127.0.0.1', appliesTo: ['manage'] },
    ],
  }
  assert.deepEqual(
    (['listen', 'send', 'manage'] as const).map((activity) => may(access, activity, '10.0.0.1')),
    [true, true, false],
  )
  assert.deepEqual(
    (['listen', 'send', 'manage'] as const).map((activity) => may(access, activity, '127.0.0.1')),
    [false, true, true],
  )
})

test('a namespace without public access is served by the private door alone', () => {
  const access: NetworkAccess = { ...openNetworkAccess, publicNetworkAccess: 'Disabled' }
  assert.equal(may(access, 'listen', '10.0.0.1'), false)
  assert.equal(may(access, 'send', '10.0.0.1', true), true)
  assert.equal(may(access, 'manage', '10.0.0.1'), true)
})

test('a mask must be an address or a network', () => {
  for (const good of ['0.0.0.0/0', '::/0', '10.0.0.1', 'fe80::1', '10.0.0.0/32'])
    assert.equal(networkMaskProblem(good), undefined)
  for (const bad of ['', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0/8', 'a', '10.0.0.0/8/8', '10.0.0.0/-1']) {
    assert.match(networkMaskProblem(bad) ?? '', /neither an IP address nor a network/)
  }
})
