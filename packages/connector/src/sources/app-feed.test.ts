import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  createManagementClient,
  keepToken,
  type ManagementClient,
  signInWithClientCredentials,
} from '@postern/management'
import { Secret } from '@postern/program'
import { hybridConnectionId } from '@postern/protocol'
import type { TestRelay } from '@postern/testkit'
import { Connector } from '../connector.ts'
import { ask, dial, folderFor, freePort, startBedRelay, startService, until } from '../connector-bed.contract.ts'
import { type AppCredential, parseAppCredential } from './app-credential.ts'

const group = '/subscriptions/s/resourceGroups/g'
const site = `${group}/providers/Microsoft.Web/sites/shop`

interface Bed {
  readonly call: (method: string, target: string, body?: unknown) => Promise<unknown>
  readonly credential: AppCredential
  readonly attach: (name: string, port: number) => Promise<unknown>
  readonly detach: (name: string) => Promise<unknown>
}

function ownerOf({ relay }: TestRelay): ManagementClient {
  const { clientId, clientSecret } = relay.bootstrapAdmin!
  const endpoint = relay.management
  const token = keepToken(() =>
    signInWithClientCredentials({ endpoint, clientId, clientSecret: clientSecret.reveal() }),
  )
  return createManagementClient({ endpoint, token })
}

/** A namespace, an app in a plan, and the credential with which its connector signs in. */
async function startBed(relay: TestRelay): Promise<Bed> {
  const owner = ownerOf(relay)
  const call: Bed['call'] = async (method, target, body) => (await owner.request({ method, target, body })).body
  const location = 'westus2'
  const relayVersion = '?api-version=2021-11-01'
  const webVersion = '?api-version=2025-05-01'
  await call('PUT', `${group}?api-version=2021-04-01`, { location })
  const plan = `${group}/providers/Microsoft.Web/serverfarms/plan`
  await call('PUT', plan + webVersion, { location, sku: { name: 'S1' } })
  const identity = { type: 'SystemAssigned' }
  await call('PUT', site + webVersion, { location, identity, properties: { serverFarmId: plan } })
  const made = await call('POST', `${site}/connectorCredentials?api-version=2026-11-01`, {})
  return {
    call,
    credential: parseAppCredential(JSON.stringify(made), 'app.json'),
    attach: async (name, port) => {
      const userMetadata = JSON.stringify([{ key: 'endpoint', value: `${name}.corp:${port}` }])
      const entity = hybridConnectionId(relay.relay.server.catalog.namespaceByName('local')!, 'local', name)
      await call('PUT', entity + relayVersion, { properties: { userMetadata } })
      for (const [rule, right] of [
        ['defaultSender', 'Send'],
        ['listen', 'Listen'],
      ]) {
        await call('PUT', `${entity}/authorizationRules/${rule}${relayVersion}`, { properties: { rights: [right] } })
      }
      await call('PUT', `${site}/hybridConnectionNamespaces/local/relays/${name}${webVersion}`, { properties: {} })
    },
    detach: (name) => call('DELETE', `${site}/hybridConnectionNamespaces/local/relays/${name}${webVersion}`),
  }
}

async function startAppConnector(t: TestContext, credential: AppCredential): Promise<Connector> {
  const options = { tls: false, searchDomains: [], stateFolder: folderFor(t) } as const
  const connector = new Connector({ apps: [credential], ...options })
  t.after(() => connector.stop({ graceMs: 0 }))
  await connector.start()
  return connector
}

test('what is attached to an app is reached by name a moment later; changed endpoints, rotated keys and detaching touch no other stream', async (t) => {
  await using relay = await startBedRelay([])
  const bed = await startBed(relay)
  const connector = await startAppConnector(t, bed.credential)
  const [port, otherPort] = [await freePort(), await freePort()]
  await bed.attach('db', port)
  await bed.attach('web', port)
  await startService(t, relay, 'db')
  await startService(t, relay, 'web')
  await until(() => connector.addresses.size === 2)
  const standing = await dial(connector, 'db.corp', port)
  assert.equal(await ask(standing, 'x'), 'db x')
  assert.equal(connector.status.endpoints[0]?.origin, 'app shop')

  const entity = hybridConnectionId(relay.relay.server.catalog.namespaceByName('local')!, 'local', 'db')
  const rule = `${entity}/authorizationRules/defaultSender`
  const keyType = 'PrimaryKey'
  await bed.call('POST', `${rule}/regenerateKeys?api-version=2021-11-01`, { keyType })
  await until(async () => {
    const stream = await connector.connect({ host: 'db.corp', port }).catch(() => undefined)
    stream?.on('error', () => {}).destroy()
    return stream !== undefined
  })
  assert.equal(await ask(await dial(connector, 'db.corp', port), 'y'), 'db y')

  const attachment = `${site}/hybridConnectionNamespaces/local/relays/web?api-version=2025-05-01`
  await bed.call('PATCH', attachment, { properties: { port: otherPort } })
  await until(() => connector.has({ host: 'web.corp', port: otherPort }))
  assert.equal(await ask(await dial(connector, 'web.corp', otherPort), 'x'), 'web x')
  assert.equal(connector.has({ host: 'web.corp', port }), false)

  await bed.detach('web')
  await until(() => !connector.addresses.has('web.corp'))
  assert.equal(await ask(standing, 'z'), 'db z')
})

test('an app whose credential is taken away is said, what it had stays until the relay says otherwise', async (t) => {
  await using relay = await startBedRelay([])
  const bed = await startBed(relay)
  await bed.attach('db', await freePort())
  const wrong = new Connector({ apps: [{ ...bed.credential, clientSecret: new Secret('wrong') }], listen: false })
  t.after(() => wrong.stop({ graceMs: 0 }))
  await wrong.start()
  await wrong.settled(AbortSignal.timeout(10_000))
  assert.match(wrong.status.problems[0] ?? '', /cannot be followed.*postern webapp identity credential create/)
  const connector = await startAppConnector(t, bed.credential)
  await until(() => connector.addresses.size === 1)
  await relay.relay.stop()
  assert.deepEqual([...connector.addresses.keys()], ['db.corp'])
})
