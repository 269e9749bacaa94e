// The walk through App Service hybrid connections, as people type it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ManagedRelay, openManagedRelay } from './managed-relay.contract.ts'

let relay: ManagedRelay

before(async () => {
  relay = await openManagedRelay()
  await relay.json('group create -n g -l home')
  await relay.json('relay namespace create -n contoso -g g')
  await relay.json('appservice plan create -n plan -g g --sku B1')
  for (const name of ['shop', 'desk']) await relay.json(`webapp create -n ${name} -g g -p plan`)
})
after(() => relay[Symbol.asyncDispose]())

const db = '--hybrid-connection db --namespace contoso'

describe('hybrid connections of apps', () => {
  test('are created, added, listed by app and plan, given another key, and removed', async () => {
    const made = await relay.json(`webapp hybrid-connection create -n shop -g g ${db} --endpoint db.local:5432`)
    assert.deepEqual([made.properties.hostname, made.properties.port], ['db.local', 5432])
    const again = await relay.run(`webapp hybrid-connection create -n desk -g g ${db} --endpoint other.local:1`)
    assert.equal(again.code, 1, 'one that is there belongs to somebody')
    await relay.json(`webapp hybrid-connection add -n desk -g g ${db}`)

    const plan = await relay.json('appservice hybrid-connection list --plan plan -g g')
    assert.deepEqual([plan.used, plan.maximum], [1, 5])
    assert.deepEqual(
      plan.hybridConnections.map(({ name, apps }: { name: string; apps: { name: string }[] }) => [
        name,
        apps.map((app) => app.name).toSorted(),
      ]),
      [['db', ['desk', 'shop']]],
    )

    const keys = `relay hyco authorization-rule keys list -n defaultSender --hybrid-connection-name db --namespace-name contoso -g g`
    const { secondaryKey } = await relay.json(keys)
    const changed = await relay.json(`appservice hybrid-connection set-key --plan plan -g g ${db} --key-type secondary`)
    assert.equal(changed.length, 2)
    const sub = '/subscriptions/{subscriptionId}/resourceGroups/g/providers/Microsoft.Web/serverfarms/plan'
    const listKeys = `rest POST ${sub}/hybridConnectionNamespaces/contoso/relays/db/listKeys?api-version=2022-03-01`
    const env = { ...relay.ci, POSTERN_SUBSCRIPTION: '00000000-0000-0000-0000-000000000000' }
    assert.equal((await relay.json(listKeys, env)).properties.sendKeyValue, secondaryKey)

    await relay.json(`webapp hybrid-connection remove -n desk -g g ${db}`)
    assert.deepEqual(await relay.json('webapp hybrid-connection list -n desk -g g'), [])
    assert.equal((await relay.json(`webapp hybrid-connection show -n shop -g g ${db}`)).properties.relayName, 'db')
    assert.equal((await relay.run(`webapp hybrid-connection show -n desk -g g ${db}`)).code, 3)
  })

  test('a Reader sees what is available, is told why he cannot add it, and is refused when he tries', async () => {
    const { clientId, secret } = await relay.json('principal create -n reader')
    await relay.json('role assignment create --assignee reader --role Reader -g g')
    const reader = { ...relay.ci, POSTERN_CLIENT_ID: clientId, POSTERN_CLIENT_SECRET: secret }
    const [seen] = await relay.json('webapp hybrid-connection available', reader)
    assert.deepEqual([seen.name, seen.endpoint, seen.canAdd], ['db', 'db.local:5432', false])
    assert.match(seen.why, /listKeys, which Contributor .* have and Reader has not/)
    const [forApp] = await relay.json('webapp hybrid-connection available -n desk -g g', reader)
    assert.match(forApp.why, /you may not change desk: that takes Microsoft\.Web\/sites\/write/)
    const refused = await relay.run(`webapp hybrid-connection add -n desk -g g ${db}`, reader)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^postern: AuthorizationFailed: .*Microsoft\.Web\/sites\/\S*write/i)

    const mine = await relay.json('webapp hybrid-connection available -n shop -g g')
    assert.match(mine.find(({ name }: { name: string }) => name === 'db').why, /shop uses it already/)
    assert.match(mine.find(({ name }: { name: string }) => name === 'open').why, /senders in without a key/)
  })
})
