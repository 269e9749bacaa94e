import { bench, do_not_optimize, group, run } from 'mitata'
import { authorizeBySignature } from '../../packages/server/src/auth/authorize-by-signature.ts'
import { openNetworkAccess } from '../../packages/server/src/domain/network-access.ts'
import { defaultPlacement } from '../../packages/server/src/domain/resource-placement.ts'
import { newRule, signSender } from '../management/sender-token.ts'

// Who may send, by shared access signature: parse, two HMACs for each level that is looked at, audience, expiry, right. No socket, no catalog.

const host = 'shop.localhost'
const dates = { createdAt: new Date(), updatedAt: new Date() }
const [ofNamespace, ofEntity] = [newRule(), newRule()]
const entity = { namespace: 'shop', name: 'db', requiresClientAuthorization: true, rules: [], ...dates }
const namespace = {
  ...{ ...defaultPlacement, name: 'shop', hosts: [], isDefault: false, network: openNetworkAccess, ...dates },
  ...{ rules: [ofNamespace], privateEndpointConnections: [], ingress: [] },
}
const request = {
  ...{ namespace, entity, path: 'db', rights: ['Send'] as const, nowMs: Date.now(), graceMs: 0 },
  ownsHost: (name: string): boolean => name === host,
}
const ownEntity = { ...entity, rules: [ofEntity] }
const valid = signSender(host, ofNamespace)
const own = signSender(host, ofEntity)
const forged = signSender(host, newRule())

for (const [ask, isAllowed] of [
  [{ ...request, token: valid }, true],
  [{ ...request, entity: ownEntity, token: own }, true],
  [{ ...request, token: forged }, false],
] as const) {
  const decision = authorizeBySignature(ask)
  if (decision.allowed !== isAllowed) throw new Error(`a token was judged wrongly: ${JSON.stringify(decision)}`)
}

group('shared access signature', () => {
  bench('of a rule of the namespace', () => do_not_optimize(authorizeBySignature({ ...request, token: valid })))
  bench('of a rule of the hybrid connection', () =>
    do_not_optimize(authorizeBySignature({ ...request, entity: ownEntity, token: own })),
  )
  bench('made with another key: refused', () => do_not_optimize(authorizeBySignature({ ...request, token: forged })))
  bench('no signature at all: refused', () => do_not_optimize(authorizeBySignature({ ...request, token: 'x' })))
})

await run()
